/**
 * Stands in front of an S3 server that knows no archives, and answers for one as Amazon does: an archived object is refused with 403
 * InvalidObjectState until a restore that was asked for is done; asking is answered with 202, then 409 RestoreAlreadyInProgress, then 200; a list
 * goes on naming the class. An object of INTELLIGENT_TIERING is listed as such, and a restore of it takes no number of days.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { s3Error } from "./FaultProxy.ts"
import { collect, forward } from "./Forward.ts"

export interface ArchiveProxy {
  readonly endpoint: string
  /** "GET hx/vault.json" and the like, in order: the method, and the key or "?" for a list. */
  readonly requests: ReadonlyArray<string>
  /** Bodies of restore requests. */
  readonly asked: ReadonlyArray<string>
  readonly clear: () => void
  /** Archives objects by their keys. */
  readonly archive: (keys: Iterable<string>, storageClass?: string, accessTier?: string) => void
  /** Hours pass: what was asked for can be read. */
  readonly restoreDone: () => void
  readonly classOf: (key: string) => string
  /** Whether restores are refused from now on. */
  readonly deny: (denied: boolean) => void
  readonly stop: () => Promise<void>
}

interface Archived {
  readonly storageClass: string
  readonly accessTier: string | undefined
  restore: "none" | "under way" | "done"
}

const EXPIRY = 'ongoing-request="false", expiry-date="Sun, 29 Nov 2026 00:00:00 GMT"'

export const startArchiveProxy = async (target: string, bucket: string): Promise<ArchiveProxy> => {
  const objects = new Map<string, Archived>()
  const requests: Array<string> = []
  const asked: Array<string> = []
  let denied = false

  const restore = (key: string, body: string): readonly [status: number, body: string] => {
    asked.push(body)
    const object = objects.get(key)
    if (denied) return [403, s3Error("AccessDenied")]
    if (object === undefined) return [403, s3Error("InvalidObjectState", "<StorageClass>STANDARD</StorageClass>")]
    const days = /<Days>\d+<\/Days>/.test(body)
    if (days === (object.accessTier !== undefined)) return [400, s3Error("InvalidArgument")]
    if (object.restore === "under way") return [409, s3Error("RestoreAlreadyInProgress")]
    if (object.restore === "done") return [200, ""]
    object.restore = "under way"
    return [202, ""]
  }

  const refusal = ({ accessTier, storageClass }: Archived): string =>
    s3Error(
      "InvalidObjectState",
      `<StorageClass>${storageClass}</StorageClass>${accessTier === undefined ? "" : `<AccessTier>${accessTier}</AccessTier>`}`
    )

  const listed = (xml: string): string =>
    xml.replaceAll(/<Contents>.*?<\/Contents>/gs, (contents) => {
      const object = objects.get(/<Key>(.*?)<\/Key>/s.exec(contents)?.[1] ?? "")
      return object === undefined
        ? contents
        : contents.replace(/<StorageClass>.*?<\/StorageClass>/, `<StorageClass>${object.storageClass}</StorageClass>`)
    })

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await collect(incoming)
    const url = new URL(incoming.url ?? "/", target)
    const key = decodeURIComponent(url.pathname.slice(bucket.length + 2))
    const { method = "" } = incoming
    requests.push(`${method} ${key === "" ? "?" : key}`)
    const object = objects.get(key)
    if (method === "POST" && url.searchParams.has("restore")) {
      const [status, answer] = restore(key, body.toString())
      return void outgoing.writeHead(status, { "content-type": "application/xml" }).end(answer)
    }
    if (object !== undefined && object.restore !== "done" && (method === "GET" || method === "HEAD")) {
      const headers = object.restore === "none" ? {} : { "x-amz-restore": 'ongoing-request="true"' }
      return void outgoing
        .writeHead(403, { "content-type": "application/xml", ...headers })
        .end(method === "HEAD" ? undefined : refusal(object))
    }
    if (method === "PUT" || method === "DELETE") objects.delete(key)
    const answer = await forward(target, incoming, body)
    const changed = key === "" ? Buffer.from(listed(answer.body.toString())) : answer.body
    const headers = { ...answer.headers, ...(object?.restore === "done" ? { "x-amz-restore": EXPIRY } : {}) }
    if (method !== "HEAD" && answer.headers["transfer-encoding"] === undefined) {
      headers["content-length"] = String(changed.length)
    }
    outgoing.writeHead(answer.status, headers).end(method === "HEAD" ? undefined : changed)
  }

  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => undefined)
    outgoing.on("error", () => undefined)
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    asked,
    clear: () => {
      requests.length = 0
      asked.length = 0
    },
    archive: (keys, storageClass = "GLACIER", accessTier) => {
      for (const key of keys) objects.set(key, { storageClass, accessTier, restore: "none" })
    },
    restoreDone: () => {
      for (const [key, object] of objects) {
        if (object.restore !== "under way") continue
        if (object.accessTier === undefined) object.restore = "done"
        else objects.delete(key)
      }
    },
    classOf: (key) => objects.get(key)?.storageClass ?? "STANDARD",
    deny: (next) => {
      denied = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
