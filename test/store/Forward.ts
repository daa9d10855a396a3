/** What proxies of the tests have in common: a request goes on to the server behind them. */

import { type IncomingMessage, request as send } from "node:http"

/** The request as it came, with a body that was read already, and all of the answer. */
export const forward = (target: string, incoming: IncomingMessage, body: Buffer) =>
  new Promise<{ readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: Buffer }>(
    (resolve, reject) => {
      // The Host header is part of what the client signed, and goes on as it came.
      const options = { method: incoming.method, headers: incoming.headers, agent: false }
      const request = send(new URL(incoming.url ?? "/", target), options, (response) => {
        collect(response).then(
          (received) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
          reject
        )
      })
      request.on("error", reject)
      request.end(body)
    }
  )

/** All bytes of a body. */
export const collect = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
