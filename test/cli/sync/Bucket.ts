/** A place for vaults whose objects a test can read, replace and remove behind hx's back: a folder, or a bucket behind the fault proxy. */

import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { type FaultProxy, startFaultProxy } from "../../store/FaultProxy.ts"
import { makeBucket, rawClient, realServer, urlOf } from "../../store/S3Fixture.ts"

export const PLACES = ["folder", "s3rver", "server"] as const
export type PlaceKind = (typeof PLACES)[number]

/** The server is Ceph's gateway in continuous integration; without one its tests are skipped. */
export const isThere = (kind: PlaceKind): boolean => kind !== "server" || realServer() !== undefined

export interface Vault {
  readonly url: string
  readonly read: (name: string) => Promise<Buffer>
  readonly write: (name: string, bytes: Uint8Array) => Promise<void>
  readonly remove: (name: string) => Promise<void>
  readonly names: () => Promise<ReadonlyArray<string>>
}

export interface Place {
  readonly vault: () => Vault
  readonly proxy: FaultProxy | undefined
  readonly stop: () => Promise<void>
}

export const openPlace = async (kind: PlaceKind, scratch: string): Promise<Place> => {
  if (kind === "folder") return { vault: () => folderVault(scratch), proxy: undefined, stop: async () => undefined }
  const own = kind === "s3rver" ? await startS3rver(["vaults"]) : undefined
  const server = own ?? realServer()
  if (server === undefined) throw new Error("HX_TEST_S3_ENDPOINT names no server; scripts/rgw-server starts one")
  const bucket = own === undefined ? await makeBucket(server) : "vaults"
  const proxy = await startFaultProxy(server.endpoint)
  const client = rawClient(server)
  return {
    vault: () => {
      const prefix = randomBytes(4).toString("hex")
      const at = (name: string) => ({ Bucket: bucket, Key: `${prefix}/${name}` })
      return {
        url: urlOf({ ...server, endpoint: proxy.endpoint }, bucket, prefix),
        read: async (name) => {
          const { Body: body } = await client.send(new GetObjectCommand(at(name)))
          return Buffer.from((await body?.transformToByteArray()) ?? [])
        },
        write: async (name, bytes) => void (await client.send(new PutObjectCommand({ ...at(name), Body: bytes }))),
        remove: async (name) => void (await client.send(new DeleteObjectCommand(at(name)))),
        names: async () => {
          const { Contents: found = [] } = await client.send(
            new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` })
          )
          return found.flatMap(({ Key: key }) => (key === undefined ? [] : [key.slice(prefix.length + 1)]))
        }
      }
    },
    proxy,
    stop: async () => {
      client.destroy()
      await proxy.stop()
      await own?.stop()
    }
  }
}

const folderVault = (scratch: string): Vault => {
  const root = join(scratch, `store-${randomBytes(4).toString("hex")}`)
  const at = (name: string) => join(root, name)
  return {
    url: `folder:${root}`,
    read: async (name) => readFileSync(at(name)),
    write: async (name, bytes) => {
      mkdirSync(dirname(at(name)), { recursive: true })
      rmSync(at(name), { force: true })
      writeFileSync(at(name), bytes)
    },
    remove: async (name) => rmSync(at(name)),
    names: async () =>
      existsSync(root)
        ? readdirSync(root, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile() && !entry.name.startsWith(".~hx"))
            .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        : []
  }
}
