/**
 * The internet as the guide knows it, on loopback: a proxy (HTTP CONNECT) behind which each known host name leads to a server of the test, over TLS with
 * a certificate of that name. Commands written for AWS or for a hosted service are run as written: HTTPS_PROXY leads here, AWS_CA_BUNDLE vouches.
 */

import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import { type AddressInfo, type Socket } from "node:net"
import { createSecureContext, TLSSocket } from "node:tls"
import { selfSigned } from "../store/SelfSigned.ts"

export interface Internet {
  /** For HTTPS_PROXY. */
  readonly proxy: string
  /** PEM of the authority that vouches for all its hosts. */
  readonly certificate: string
  /** Every request that passed: "PUT s3.example.com /bucket/key". */
  readonly requests: ReadonlyArray<string>
  readonly stop: () => Promise<void>
}

/** Where each host name leads: "*.example.com" stands for one label in place of the star. All other names are unknown. */
export const startInternet = async (routes: Readonly<Record<string, string>>): Promise<Internet> => {
  const hosts = Object.keys(routes)
  const { certificate, key } = selfSigned(hosts)
  const context = createSecureContext({ cert: certificate, key })
  const requests: Array<string> = []
  const sockets = new Set<Socket>()
  const inside = createServer((incoming, outgoing) => {
    const { host = "" } = incoming.headers
    requests.push(`${incoming.method} ${host} ${incoming.url}`)
    const known = hosts.find((each) => covers(each, host.replace(/:\d+$/, "")))
    if (known === undefined) outgoing.writeHead(421).end()
    else forward(routes[known] ?? "", incoming, outgoing)
  })
  const proxy = createServer((_, response) => response.writeHead(405).end())
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => socket.destroy())
    const host = (request.url ?? "").replace(/:\d+$/, "")
    if (!hosts.some((known) => covers(known, host))) return void socket.end("HTTP/1.1 502 No such host\r\n\r\n")
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
    const secure = new TLSSocket(socket, { isServer: true, secureContext: context })
    secure.on("error", () => socket.destroy())
    inside.emit("connection", secure)
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  return {
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    certificate,
    requests,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        proxy.close(() => resolve())
        proxy.closeAllConnections()
      })
  }
}

const covers = (known: string, host: string): boolean => {
  if (!known.startsWith("*.")) return known === host
  const [label = "", ...rest] = host.split(".")
  return label !== "" && rest.join(".") === known.slice(2)
}

/** The Host header is part of what the client signed, and goes on as it came. */
const forward = (target: string, incoming: IncomingMessage, outgoing: ServerResponse): void => {
  const { headers, method } = incoming
  const request = send(new URL(incoming.url ?? "/", target), { method, headers, agent: false }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  request.on("error", () => outgoing.destroy())
  incoming.on("error", () => request.destroy())
  incoming.pipe(request)
}
