/** Where campaigns of kills take place: a folder, or a server behind the fault proxy. */

import { DeleteObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3"
import { randomBytes } from "node:crypto"
import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { startS3rver } from "../../scripts/S3rverServer.ts"
import { startFaultProxy } from "../store/FaultProxy.ts"
import { makeBucket, rawClient, realServer, urlOf } from "../store/S3Fixture.ts"
import { type Behind, folderStores, type Grounds } from "./Campaign.ts"

export const STORES = ["folder", "s3rver", "server"] as const
export type StoreKind = (typeof STORES)[number]

export interface OpenGrounds extends Grounds {
  readonly stop: () => Promise<void>
}

export const openGrounds = async (
  kind: StoreKind,
  place: Pick<Grounds, "program" | "directory" | "shim">
): Promise<OpenGrounds> => {
  if (kind === "folder") {
    return {
      ...place,
      newStore: folderStores(place.directory),
      proxy: undefined,
      behind: folderBehind,
      stop: async () => undefined
    }
  }
  const own = kind === "s3rver" ? await startS3rver(["kills"]) : undefined
  const server = own ?? realServer()
  if (server === undefined) throw new Error("HX_TEST_S3_ENDPOINT names no server; scripts/rgw-server starts one")
  const bucket = own === undefined ? await makeBucket(server) : "kills"
  const proxy = await startFaultProxy(server.endpoint)
  const through = { ...server, endpoint: proxy.endpoint }
  const client = rawClient(server)
  const prefixes = new Map<string, string>()
  return {
    ...place,
    proxy,
    newStore: () => {
      const prefix = randomBytes(4).toString("hex")
      const url = urlOf(through, bucket, prefix)
      prefixes.set(url, prefix)
      return url
    },
    behind: (store) => bucketBehind(client, bucket, prefixes.get(store) ?? ""),
    stop: async () => {
      client.destroy()
      await proxy.stop()
      await own?.stop()
    }
  }
}

const folderBehind = (store: string): Behind => {
  const root = store.slice("folder:".length)
  return {
    names: async () => readdirSync(root, { recursive: true }).map(String),
    remove: async (name) => rmSync(join(root, name))
  }
}

const bucketBehind = (client: S3Client, Bucket: string, prefix: string): Behind => ({
  names: async () => {
    const names: Array<string> = []
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: `${prefix}/` })) {
      names.push(...Contents.map(({ Key = "" }) => Key.slice(prefix.length + 1)))
    }
    return names
  },
  remove: async (name) => {
    await client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}/${name}` }))
  }
})
