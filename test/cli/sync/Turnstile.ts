/** Stands before an S3 server and counts how many requests of one kind are under way at once. It can hold them back until so many have come. */

import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export interface Turnstile {
  readonly endpoint: string
  /**
   * Requests whose method and path fit are held until `many` of them wait, and then as long as one more would need to show itself; from then on all
   * pass. Where fewer come than that, nobody passes and the test ends by its own limit.
   */
  readonly hold: (kind: RegExp, many: number) => void
  /** The most that were under way at once since the last `hold`. */
  readonly most: () => number
  readonly stop: () => Promise<void>
}

/** Long enough for a client that would send one more to send it; one that is slower goes unnoticed, and no good one is refused. */
const ONE_MORE = 200

export const startTurnstile = async (target: string): Promise<Turnstile> => {
  let kind = /^$/
  let many = 0
  let now = 0
  let most = 0
  let open: Promise<void> = Promise.resolve()
  let release = () => {}
  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => undefined)
    outgoing.on("error", () => undefined)
    if (!kind.test(`${incoming.method} ${incoming.url}`)) return forward(target, incoming, outgoing)
    now++
    most = Math.max(most, now)
    outgoing.on("close", () => now--)
    if (now === many) void sleep(ONE_MORE).then(release)
    void open.then(() => forward(target, incoming, outgoing))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (nextKind, nextMany) => {
      kind = nextKind
      many = nextMany
      most = 0
      open = new Promise((resolve) => {
        release = resolve
      })
    },
    most: () => most,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const forward = (target: string, incoming: IncomingMessage, outgoing: ServerResponse): void => {
  // The Host header is part of what the client signed, and goes on as it came.
  const options = { method: incoming.method, headers: incoming.headers }
  const upstream = send(new URL(incoming.url ?? "/", target), options, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
    answer.pipe(outgoing)
  })
  upstream.on("error", () => outgoing.destroy())
  incoming.pipe(upstream)
}
