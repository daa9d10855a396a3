/**
 * An S3 server in this process, for tests and the demo. It is a handy floor and a poor judge: it checks keys but hardly signatures, ignores
 * conditions, and its lists break beyond a thousand objects.
 */

import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import S3rver from "s3rver"

export interface S3rverServer {
  /** "http://127.0.0.1:40123" */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  /** A store URL with everything in it. */
  readonly storeUrl: (bucket: string, prefix?: string) => string
  /** Every request that it has answered, in order. */
  readonly requests: ReadonlyArray<ServedRequest>
  /** Ends it and removes what it stored. */
  readonly stop: () => Promise<void>
  /** Where the objects are: `<directory>/<bucket>/<key>._S3rver_object`. */
  readonly directory: string
}

export interface ServedRequest {
  readonly method: string
  /** As sent: path and query. */
  readonly target: string
  readonly status: number
  /** Bytes of the bodies. */
  readonly received: number
  readonly sent: number
}

/** The only account it knows. */
const KEY = "S3RVER"

export const startS3rver = async (buckets: ReadonlyArray<string>): Promise<S3rverServer> => {
  const directory = await mkdtemp(join(tmpdir(), "hx-s3rver-"))
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: buckets.map((name) => ({ name }))
  })
  const { port } = await server.run()
  const requests: Array<ServedRequest> = []
  server.httpServer?.on("request", (request, response) => {
    response.on("finish", () => {
      requests.push({
        method: request.method ?? "",
        target: request.url ?? "",
        status: response.statusCode,
        received: Number(request.headers["content-length"] ?? 0),
        sent: request.method === "HEAD" ? 0 : Number(response.getHeader("content-length") ?? 0)
      })
    })
  })
  const endpoint = `http://127.0.0.1:${port}`
  return {
    endpoint,
    directory,
    requests,
    accessKey: KEY,
    secretKey: KEY,
    storeUrl: (bucket, prefix = "") =>
      `s3://${bucket}/${prefix}?endpoint=${endpoint}&path_style=true&access_key=${KEY}&secret_key=${KEY}`,
    stop: async () => {
      server.httpServer?.closeAllConnections()
      await server.close()
      await rm(directory, { recursive: true, force: true })
    }
  }
}
