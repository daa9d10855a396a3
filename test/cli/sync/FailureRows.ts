/**
 * Runs rows of failures against the built program: each is a store that fails in one way at `hx sync init`, and how that has to be told. The store is
 * a small S3 service behind a proxy that spoils what passes.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Fault, type FaultProxy, s3Error, startFaultProxy } from "../../store/FaultProxy.ts"
import { type StandIn, type StandInOptions, startStandIn } from "../../store/S3StandIn.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { expectTold, type Told } from "./Told.ts"

export const KEY = "AKIATESTONLYTESTONLY"
export const SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
export const WRONG = "wrong-secret-that-nobody-may-see"
export const TOKEN = "FwoGZXIvYXdzEBYaDExampleToken"
export const SECRETS = [KEY, SECRET, WRONG, TOKEN]

export type Plan = Parameters<FaultProxy["plan"]>[0]

export interface Row {
  /** From the endpoint of the proxy; storeUrl without it. */
  readonly url?: (endpoint: string) => string
  readonly env?: Readonly<Record<string, string>>
  readonly fault?: Plan | Fault
  readonly told: Told
  /** How many requests reached the store. */
  readonly requests?: number
}

/** With everything in it, and all of it right. */
export const storeUrl = (endpoint: string, prefix = "p", keys = `&access_key=${KEY}&secret_key=${SECRET}`): string =>
  `s3://vault/${prefix}?endpoint=${endpoint}&path_style=true${keys}`

/** What the second line begins with, where init read vault.json. */
export const OBJECT = "vault/p/vault.json, on get"

export const once: Readonly<Record<string, string>> = { HX_SYNC_MAX_RETRIES: "0" }
export const twice: Readonly<Record<string, string>> = { HX_SYNC_MAX_RETRIES: "1", HX_SYNC_RETRY_DELAY: "1ms" }
export const hasty: Readonly<Record<string, string>> = { ...once, HX_SYNC_TIMEOUT: "300ms" }

export const answer = (
  status: number,
  code: string,
  more = "",
  headers: Readonly<Record<string, string>> = {}
): Fault => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/xml", ...headers },
  body: s3Error(code, more)
})

export const page = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  kind: "answer",
  status,
  headers: { "content-type": "text/html", ...headers },
  body: "<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body>Log in<br></body></html>"
})

export interface Stage {
  /** Of the store without the proxy. */
  readonly endpoint: () => string
  readonly proxy: () => FaultProxy
  readonly path: string
  readonly device: (name: string) => Device
}

/** A store for the tests of this file. */
export const makeStage = (options: Partial<StandInOptions> = {}): Stage => {
  const scratch = makeScratch()
  let server: StandIn
  let proxy: FaultProxy
  beforeAll(async () => {
    server = await startStandIn({ buckets: ["vault"], accounts: [{ accessKey: KEY, secretKey: SECRET }], ...options })
    proxy = await startFaultProxy(server.endpoint)
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
    scratch.remove()
  })
  return {
    endpoint: () => server.endpoint,
    proxy: () => proxy,
    path: scratch.path,
    device: (name) => makeDevice(scratch.path, name)
  }
}

export const describeRows = (title: string, stage: Stage, rows: Readonly<Record<string, Row>>): void => {
  describe(title, { timeout: 60_000 }, () => {
    it.each(Object.entries(rows))("%s", async (name, row) => {
      const { fault } = row
      const proxy = stage.proxy()
      proxy.plan(typeof fault === "function" ? fault : () => fault)
      const init = ["sync", "init", "--store", (row.url ?? storeUrl)(proxy.endpoint)]
      const ran = await stage.device(`device for ${name}`).hx(init, { env: row.env ?? {} })
      expectTold(ran, row.told, SECRETS)
      if (row.requests !== undefined) expect(proxy.requests.length).toBe(row.requests)
    })
  })
}
