/**
 * The way to a store: an HTTP proxy as narrow as one likes, which throttles when it is told to, and remembers what came through. It does not wait for whole
 * bodies: what it counts has arrived, and what it has not read yet is still the sender's.
 */

import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export type Step = "put" | "get" | "list" | "start" | "part" | "finish" | "abort" | "uploads" | "other"

export interface Passage {
  readonly step: Step
  /** The object's key, with the bucket; a list's prefix is not in it. */
  readonly key: string
  /** Of a part. */
  readonly part: number
  /** Bytes of the request's body that have arrived, and of the answer's that went back. */
  arrived: number
  returned: number
  /** Null until the answer has gone back whole. */
  status: number | null
}

export interface Gate {
  readonly endpoint: string
  /** In the order in which they came. */
  readonly passages: ReadonlyArray<Passage>
  /** Bytes of bodies so far, both ways. */
  readonly carried: () => number
  /** Uploads in parts that have begun and are neither finished nor aborted: their ids. */
  readonly openUploads: () => ReadonlyArray<string>
  readonly set: (rules: Partial<Rules>) => void
  /** Forgets what has passed; open uploads stay open. */
  readonly forget: () => void
  readonly stop: () => Promise<void>
}

export interface Rules {
  /** Bytes per second in each direction, for all connections together. */
  readonly rate: number
  /** Whether this request is told to slow down instead. */
  readonly throttled: (passage: Passage) => boolean
}

/** `standIn`: answers for a store that can neither list nor abort uploads in parts (s3rver). */
export const openGate = async (target: string, options: { readonly standIn: boolean }): Promise<Gate> => {
  const passages: Array<Passage> = []
  const uploads = new Map<string, string>()
  let rules: Rules = { rate: Infinity, throttled: () => false }
  const [up, down] = [makeLane(() => rules.rate), makeLane(() => rules.rate)]
  let carried = 0

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const passage = passageOf(incoming)
    passages.push(passage)
    const answerAlone = (status: number, body = "", headers: Record<string, string> = {}) => {
      passage.status = status
      outgoing.writeHead(status, headers).end(body)
    }
    if (rules.throttled(passage)) {
      // As S3 does: the answer comes at once, whatever of the body is still on its way.
      incoming.resume()
      return answerAlone(503, SLOW_DOWN, { "content-type": "application/xml" })
    }
    const id = new URL(incoming.url ?? "/", target).searchParams.get("uploadId") ?? ""
    if (options.standIn && passage.step === "abort") {
      uploads.delete(id)
      return answerAlone(204)
    }
    if (options.standIn && passage.step === "uploads") return answerAlone(200, listOf(uploads))
    const upstream = send(new URL(incoming.url ?? "/", target), {
      method: incoming.method,
      // The Host header is part of what the client signed, and goes on as it came.
      headers: incoming.headers,
      agent: false
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once("response", resolve).once("error", reject)
    })
    answered.catch(() => outgoing.destroy())
    incoming.once("close", () => {
      if (!incoming.complete) upstream.destroy()
    })
    for await (const chunk of sliced(incoming)) {
      await up(chunk.length)
      passage.arrived += chunk.length
      carried += chunk.length
      upstream.write(chunk)
    }
    upstream.end()
    const answer = await answered
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    const seen: Array<Buffer> = []
    for await (const chunk of sliced(answer)) {
      if (passage.step === "start") seen.push(chunk)
      await down(chunk.length)
      if (outgoing.destroyed) return
      passage.returned += chunk.length
      carried += chunk.length
      if (!outgoing.write(chunk)) await drained(outgoing)
    }
    outgoing.end()
    passage.status = answer.statusCode ?? 502
    const begun = /<UploadId>([^<]+)</.exec(Buffer.concat(seen).toString("utf8"))?.[1]
    if (begun !== undefined) uploads.set(begun, passage.key)
    if ((passage.step === "finish" || passage.step === "abort") && passage.status < 300) uploads.delete(id)
  }

  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => undefined)
    outgoing.on("error", () => undefined)
    pass(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passages,
    carried: () => carried,
    openUploads: () => [...uploads.keys()],
    set: (changed) => void (rules = { ...rules, ...changed }),
    forget: () => {
      passages.length = 0
      carried = 0
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/** Objects that were sent again, at least in part, though they stood in the store. */
export const sentTwice = (passages: ReadonlyArray<Passage>): ReadonlyArray<string> => {
  const durable = new Set<string>()
  const again: Array<string> = []
  for (const { key, status, step } of passages) {
    const sends = key.endsWith(".hxs") && ["put", "start", "part"].includes(step)
    if (sends && durable.has(key)) again.push(key)
    if (key.endsWith(".hxs") && (step === "put" || step === "finish") && status === 200) durable.add(key)
  }
  return again
}

/** An S3 error as servers write it. */
const SLOW_DOWN = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>`

const passageOf = ({ method = "", url = "/" }: IncomingMessage): Passage => {
  const { pathname, searchParams } = new URL(url, "http://gate")
  const part = Number(searchParams.get("partNumber") ?? 0)
  return {
    step: stepOf(method, searchParams),
    key: decodeURIComponent(pathname),
    part,
    arrived: 0,
    returned: 0,
    status: null
  }
}

const stepOf = (method: string, search: URLSearchParams): Step => {
  if (method === "PUT") return search.has("partNumber") ? "part" : "put"
  if (method === "POST") return search.has("uploads") ? "start" : "finish"
  if (method === "DELETE") return search.has("uploadId") ? "abort" : "other"
  if (method !== "GET") return "other"
  if (search.has("uploads")) return "uploads"
  return search.has("list-type") ? "list" : "get"
}

const listOf = (uploads: ReadonlyMap<string, string>): string => {
  const each = [...uploads].map(([id, key]) => {
    const name = key.split("/").slice(2).join("/")
    return `<Upload><Key>${name}</Key><UploadId>${id}</UploadId></Upload>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${each.join("")}</ListMultipartUploadsResult>`
}

/** Waits until so many bytes more may pass; who asks first goes first. */
const makeLane = (rate: () => number): ((bytes: number) => Promise<void>) => {
  let free = 0
  return async (bytes) => {
    const now = performance.now()
    free = Math.max(free, now) + (1000 * bytes) / rate()
    if (free - now > 1) await sleep(free - now)
  }
}

/** Small pieces, so that connections take turns as packets would. */
const SLICE = 8 * 1024

async function* sliced(stream: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += SLICE) yield chunk.subarray(at, at + SLICE)
  }
}

const drained = (outgoing: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done)
      resolve()
    }
    outgoing.on("drain", done).on("close", done)
  })
