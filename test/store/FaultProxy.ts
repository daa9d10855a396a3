/**
 * Stands between a client and an S3 server and spoils what passes: one fault for each request that a plan names, the others go through untouched.
 * Requests are kept as they came, so that tests can count them.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { collect, forward } from "./Forward.ts"

export type Fault =
  /** Answers by itself. */
  | {
      readonly kind: "answer"
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Closes the connection hard, before the server hears of the request. */
  | { readonly kind: "reset" }
  /** Never answers, and the server never hears of it. */
  | { readonly kind: "stall" }
  /** The server does as it is told, but its answer is lost. */
  | { readonly kind: "lost response" }
  /** So many bytes of the body come; then the connection ends or stands still. */
  | { readonly kind: "truncate"; readonly after: number }
  | { readonly kind: "stall body"; readonly after: number }
  /** The body comes one byte at a time. */
  | { readonly kind: "trickle"; readonly millis: number }
  /** The whole answer comes late. */
  | { readonly kind: "delay"; readonly millis: number }
  /** The server's answer, with other headers. */
  | { readonly kind: "headers"; readonly headers: Readonly<Record<string, string>> }

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
}

export interface FaultProxy {
  readonly endpoint: string
  readonly requests: ReadonlyArray<SeenRequest>
  /** What happens to each request from now on: asked with the number of the request since this call, from 0. */
  readonly plan: (fault: (index: number, request: SeenRequest) => Fault | undefined) => void
  readonly stop: () => Promise<void>
}

/** An S3 error as servers write it. */
export const s3Error = (code: string, more = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>about ${code}</Message>${more}</Error>`

export const startFaultProxy = async (target: string): Promise<FaultProxy> => {
  const requests: Array<SeenRequest> = []
  let fault: Parameters<FaultProxy["plan"]>[0] = () => undefined
  let index = 0
  const server = createServer((incoming, outgoing) => {
    const seen = { method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers }
    requests.push(seen)
    const spoiled = fault(index++, seen)
    incoming.on("error", () => undefined)
    outgoing.on("error", () => undefined)
    handle(target, incoming, outgoing, spoiled).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    plan: (next) => {
      fault = next
      index = 0
      requests.length = 0
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const handle = async (
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined
) => {
  if (fault?.kind === "reset") return void incoming.socket.resetAndDestroy()
  if (fault?.kind === "stall") return
  const body = await collect(incoming)
  if (fault?.kind === "answer") return void outgoing.writeHead(fault.status, fault.headers).end(fault.body)
  const answer = await forward(target, incoming, body)
  if (fault?.kind === "lost response") return void incoming.socket.resetAndDestroy()
  if (fault?.kind === "delay") await sleep(fault.millis)
  outgoing.writeHead(
    answer.status,
    fault?.kind === "headers" ? { ...answer.headers, ...fault.headers } : answer.headers
  )
  if (fault?.kind === "truncate")
    return void outgoing.write(answer.body.subarray(0, fault.after), () => outgoing.destroy())
  if (fault?.kind === "stall body") return void outgoing.write(answer.body.subarray(0, fault.after))
  if (fault?.kind === "trickle") {
    for (const byte of answer.body) {
      if (outgoing.destroyed) return
      outgoing.write(Uint8Array.of(byte))
      await sleep(fault.millis)
    }
    return void outgoing.end()
  }
  outgoing.end(answer.body)
}
