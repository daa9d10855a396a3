/**
 * A proxy as companies have them: opens tunnels (CONNECT) and forwards requests in absolute form. Whatever host is asked for, the connection goes to a
 * port of this machine, so that tests can use the names of real services.
 */

import { createServer, type IncomingMessage, request as send } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { connect } from "node:net"
import type { Duplex } from "node:stream"
import { close, listen } from "./S3StandIn.ts"
import type { SelfSigned } from "./SelfSigned.ts"

export interface ForwardProxy {
  readonly port: number
  /** "CONNECT host:port" or "GET http://host:port/path", and who asked for it. */
  readonly asked: Array<{ readonly what: string; readonly user: string }>
  readonly stop: () => Promise<void>
}

export const startForwardProxy = async (options: {
  /** The port that stands for this host. */
  readonly portOf: (host: string) => number
  /** "user:password", without which everything is refused with 407. */
  readonly credentials?: string
  /** What every tunnel is refused with. */
  readonly refuse?: number
  /** The proxy itself is reached by TLS. */
  readonly tls?: SelfSigned
}): Promise<ForwardProxy> => {
  const asked: Array<{ readonly what: string; readonly user: string }> = []
  const { tls } = options
  const server = tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.key })
  const admit = (request: IncomingMessage): number | undefined => {
    const user = Buffer.from((request.headers["proxy-authorization"] ?? "").replace("Basic ", ""), "base64").toString()
    asked.push({ what: `${request.method} ${request.url}`, user })
    return options.credentials === undefined || user === options.credentials ? options.refuse : 407
  }
  server.on("request", (request: IncomingMessage, response) => {
    const status = admit(request)
    if (status !== undefined)
      return void response.writeHead(status, { "content-type": "text/html" }).end("<html>no</html>")
    const { headers, method } = request
    const url = new URL(request.url ?? "")
    const { "proxy-authorization": _, ...passed } = headers
    const target = { host: "127.0.0.1", port: options.portOf(url.hostname), path: url.pathname + url.search }
    const forwarded = send({ ...target, method, headers: passed, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on("error", () => response.destroy())
    request.pipe(forwarded)
  })
  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const status = admit(request)
    if (status !== undefined) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const upstream = connect(options.portOf((request.url ?? "").replace(/:\d+$/, "")), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n")
      upstream.write(head)
      client.pipe(upstream).pipe(client)
    })
    upstream.on("error", () => client.destroy())
    client.on("error", () => upstream.destroy())
    client.on("close", () => upstream.destroy())
  })
  const port = await listen(server)
  return { port, asked, stop: () => close(server) }
}
