/** Reading the bodies of answers: no more bytes than allowed, and no longer than its size excuses. */

import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3"
import { Duration } from "effect"
import { Readable } from "node:stream"
import { StoreError } from "./StoreError.ts"
import { deadlineFor } from "./StorePolicy.ts"

/** The bytes, in a buffer of their own. Throws StoreError, or what the connection threw. */
export const readBody = async (
  { Body: body, ContentLength: length }: GetObjectCommandOutput,
  limits: { readonly maxBytes: number; readonly timeout: Duration.Duration },
  subject: string,
  onProgress?: (received: number) => void
): Promise<Uint8Array> => {
  if (!(body instanceof Readable)) return new Uint8Array(0)
  const tooLarge = (size: string) =>
    new StoreError({
      reason: "TooLarge",
      operation: "get",
      subject,
      detail: `${size}, at most ${limits.maxBytes} expected`
    })
  if (length !== undefined && length > limits.maxBytes) {
    body.destroy()
    throw tooLarge(`${length} bytes`)
  }
  const allowed = Duration.toMillis(deadlineFor(limits.timeout, length ?? limits.maxBytes))
  const timer = setTimeout(() => body.destroy(Object.assign(new Error("too slow"), { name: "TimeoutError" })), allowed)
  const chunks: Array<Uint8Array> = []
  let read = 0
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) continue
      read += chunk.byteLength
      if (read > limits.maxBytes) throw tooLarge("more bytes than it said")
      chunks.push(chunk)
      onProgress?.(read)
    }
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
  if (length !== undefined && read !== length) {
    throw new StoreError({
      reason: "ConnectionLost",
      operation: "get",
      subject,
      detail: `${read} of ${length} bytes came`
    })
  }
  // One chunk is used as it is, except where it is a corner of a pooled buffer.
  const [only] = chunks
  return chunks.length === 1 && only !== undefined && only.buffer.byteLength === only.byteLength
    ? only
    : concat(chunks, read)
}

/**
 * What the SDK reads whole by itself (lists, errors) is bounded too: a page of a thousand objects comes nowhere near this, and a captive portal or
 * a hostile server may never end.
 */
export const boundAnswers = (client: S3Client): S3Client => {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args)
        const response = result.response as { statusCode?: number; body?: unknown }
        const isObject = commandName === "GetObjectCommand" && (response.statusCode ?? 0) < 300
        if (!isObject && response.body instanceof Readable) response.body = Readable.from(bounded(response.body))
        return result
      },
    { step: "deserialize", priority: "low", name: "hxBoundAnswers" }
  )
  return client
}

const MAX_ANSWER = 16 * 1024 * 1024

async function* bounded(body: Readable): AsyncGenerator<Uint8Array> {
  let read = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    read += chunk.byteLength
    if (read > MAX_ANSWER) throw Object.assign(new Error("an answer without end"), { code: "EMSGSIZE" })
    yield chunk
  }
}

const concat = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}
