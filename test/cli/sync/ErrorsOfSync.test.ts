/**
 * What befalls a device that is in a vault already, at `hx sync push`, `pull` and `status`: each permission taken away by itself, archives, lost swaps,
 * a network that wants a login. Whatever it is, it is remembered in the same words, nothing is lost, and the next run goes on.
 */

import { beforeAll, describe, expect, it } from "vitest"
import type { Device } from "../Hx.ts"
import { answer, makeStage, once, page, type Plan, SECRETS, storeUrl, twice } from "./FailureRows.ts"
import { record } from "./LocalHistory.ts"
import { expectClean, expectTold, type Told } from "./Told.ts"

const stage = makeStage()
/** Has published, and has more to publish. */
let writer: Device
/** Has something to fetch. */
let reader: Device

beforeAll(async () => {
  writer = stage.device("writer")
  reader = stage.device("reader")
  const init = ["sync", "init", "--no-encrypt", "--store", storeUrl(stage.proxy().endpoint)]
  await writer.json([...init, "--device", "writer"])
  // More than stays inline: a segment.
  await record(writer.data, [secret, ...Array.from({ length: 400 }, (_, index) => `echo ${noise(index)}`)])
  await writer.json(["sync", "push"], { env: { HX_SYNC_COMPRESSION: "false" } })
  await reader.json([...init, "--device", "reader"])
  await record(writer.data, ["make more"], 1_700_010_000)
})

const secret = "export TOKEN=typed-by-mistake"

/** Text that does not compress. */
const noise = (index: number): string =>
  Array.from({ length: 20 }, (_, each) =>
    Math.abs(Math.sin(index * 31 + each))
      .toString(36)
      .slice(2)
  ).join("")

const isList = (url: string): boolean => url.includes("list-type")
const refused = answer(403, "AccessDenied")

const denied = (permission: string, resource: string): Told => ({
  code: 3,
  words: "Access Denied",
  subject: [`${permission} on ${resource}`, "is not allowed"],
  hint: `Allow ${permission} in the user's or the bucket's policy`
})

interface Failing {
  readonly who: () => Device
  readonly command: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly plan: Plan
  readonly told: Told
  /** As `hx sync status` remembers it. */
  readonly remembered: string
}

const rows: Readonly<Record<string, Failing>> = {
  "listing is not allowed": {
    who: () => reader,
    command: ["sync", "pull"],
    plan: (_, { url }) => (isList(url) ? refused : undefined),
    told: denied("s3:ListBucket", "arn:aws:s3:::vault"),
    remembered: "StoreError.AccessDenied"
  },
  "reading is not allowed": {
    who: () => reader,
    command: ["sync", "pull"],
    plan: (_, { method, url }) => (method === "GET" && !isList(url) ? refused : undefined),
    told: denied("s3:GetObject", "arn:aws:s3:::vault/p/manifests/"),
    remembered: "StoreError.AccessDenied"
  },
  "writing is not allowed": {
    who: () => writer,
    command: ["sync", "push"],
    plan: (_, { method }) => (method === "PUT" ? refused : undefined),
    told: denied("s3:PutObject", "arn:aws:s3:::vault/p/manifests/"),
    remembered: "StoreError.AccessDenied"
  },
  "a login page instead of a list": {
    who: () => reader,
    command: ["sync", "pull"],
    plan: () => page(200),
    told: {
      code: 6,
      words: "This is not a store",
      subject: ["vault/p/manifests/, on list", "web page, status 200"],
      hint: "a network's login page"
    },
    remembered: "StoreError.NotAStore"
  },
  "the swap is lost every time, though nobody else has published": {
    who: () => writer,
    command: ["sync", "push"],
    plan: (_, { method }) => (method === "PUT" ? answer(412, "PreconditionFailed") : undefined),
    told: {
      code: 4,
      words: "Sequence number conflict",
      subject: ["s3://vault/p", "lost the swap 6 times"],
      hint: "try again"
    },
    remembered: "SwapUnsettled"
  },
  "another request holds the object every time": {
    who: () => writer,
    command: ["sync", "push"],
    plan: (_, { method }) => (method === "PUT" ? answer(409, "ConditionalRequestConflict") : undefined),
    told: { code: 4, words: "Sequence number conflict", subject: ["lost the swap 6 times"], hint: "try again" },
    remembered: "SwapUnsettled"
  },
  "the store fails at the swap": {
    who: () => writer,
    command: ["sync", "push"],
    env: twice,
    plan: (_, { method }) => (method === "PUT" ? page(504) : undefined),
    told: { code: 6, words: "The store failed", subject: ["status 504"], hint: "nothing here is lost" },
    remembered: "StoreError.ServerFailure"
  },
  "the store takes nothing in now": {
    who: () => writer,
    command: ["sync"],
    env: once,
    plan: (_, { method }) => (method === "PUT" ? answer(503, "SlowDown") : undefined),
    told: { code: 6, words: "Throttled", subject: ["status 503, SlowDown"], hint: "Try again later" },
    remembered: "StoreError.Throttled"
  }
}

describe("a device in a vault is told", { timeout: 60_000 }, () => {
  it.each(Object.entries(rows))("%s", async (_, { command, env = {}, plan, remembered, told, who }) => {
    stage.proxy().plan(plan)
    expectTold(await who().hx(command, { env }), told, SECRETS)
    const status = await who().json(["sync", "status"])
    expect(status).toMatchObject({ lastError: { tag: remembered } })
  })

  it("that a segment is archived, by name, with exit code 7", async () => {
    stage
      .proxy()
      .plan((_, { url }) =>
        url.includes("/segments/")
          ? answer(403, "InvalidObjectState", "<StorageClass>GLACIER</StorageClass>")
          : undefined
      )
    const ran = await reader.hx(["sync", "pull"])
    const subject = ["s3://vault/p", "1 object", "of writer"]
    expectTold(
      ran,
      { code: 7, words: "Archived in GLACIER", subject, hint: "hx sync pull --restore", stdout: /./ },
      SECRETS
    )
  })

  it("that the store does not answer, by status, which ends with 0 all the same", async () => {
    stage.proxy().plan(() => ({ kind: "reset" }))
    const told = await reader.hx(["sync", "status", "--verbose", "--detailed"], { env: once })
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/Connection .*Connection lost/)
    expectClean(told, SECRETS)
    expect(await reader.json(["sync", "status"], { env: once })).toMatchObject({
      answer: { ok: false, error: "Connection lost" }
    })
  })
})

describe("and the next run goes on", { timeout: 60_000 }, () => {
  it("after a swap whose answer was lost: it was our own", async () => {
    stage.proxy().plan((index, { method }) => (index === 0 && method === "PUT" ? { kind: "lost response" } : undefined))
    expect(await writer.json(["sync", "push"], { env: once })).toMatchObject({ operations: 1 })
    expect(await writer.json(["sync", "status"])).toMatchObject({ pending: { operations: 0 } })
  })

  it("to the reader, with all of it", async () => {
    stage.proxy().plan(() => undefined)
    expect(await reader.json(["sync", "pull"])).toMatchObject({ added: 402, problems: [] })
  })

  it("where deleting is not allowed: what is new is published, and why a forgotten command stays is told each time", async () => {
    await writer.json(["forget", "--match", "typed-by-mistake", "--yes"])
    stage.proxy().plan((_, { method }) => (method === "DELETE" ? refused : undefined))
    const told = { ...denied("s3:DeleteObject", "arn:aws:s3:::vault/p/segments/"), stdout: /could not be deleted/ }
    const first = await writer.hx(["sync", "push"])
    expectTold(first, told, SECRETS)
    expect(first.stdout).toContain("Published")
    expectTold(await writer.hx(["sync"]), told, SECRETS)
    expect(await writer.json(["sync", "status"])).toMatchObject({
      lastError: { tag: "StoreError.AccessDenied" },
      pending: { deletions: 1 }
    })
    stage.proxy().plan(() => undefined)
    expect(await writer.json(["sync", "push"])).toMatchObject({ deleted: 1, owed: 0 })
    expect(await writer.json(["sync", "status"])).toMatchObject({ pending: { deletions: 0 } })
  })
})
