/** Where campaigns of kills take place: a folder, or a server behind the fault proxy. */

import { randomBytes } from "node:crypto"
import { startS3rver } from "../../scripts/S3rverServer.ts"
import { startFaultProxy } from "../store/FaultProxy.ts"
import { makeBucket, realServer, urlOf } from "../store/S3Fixture.ts"
import { folderStores, type Grounds } from "./Campaign.ts"

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
    return { ...place, newStore: folderStores(place.directory), proxy: undefined, stop: async () => undefined }
  }
  const own = kind === "s3rver" ? await startS3rver(["kills"]) : undefined
  const server = own ?? realServer()
  if (server === undefined) throw new Error("HX_TEST_S3_ENDPOINT names no server; scripts/rgw-server starts one")
  const bucket = own === undefined ? await makeBucket(server) : "kills"
  const proxy = await startFaultProxy(server.endpoint)
  const through = { ...server, endpoint: proxy.endpoint }
  return {
    ...place,
    proxy,
    newStore: () => urlOf(through, bucket, randomBytes(4).toString("hex")),
    stop: async () => {
      await proxy.stop()
      await own?.stop()
    }
  }
}
