import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import {
  type LifecycleConfiguration,
  type LifecycleRule,
  makeMemoryLifecycle
} from "../../src/store/BucketLifecycle.ts"
import { makeRequestLog } from "../../src/store/RequestLog.ts"
import { openS3Lifecycle } from "../../src/store/S3Lifecycle.ts"
import { environment } from "../../src/platform/Variables.ts"
import { parseStoreUrl } from "../../src/store/StoreUrl.ts"
import { infrequentAccess } from "../../src/sync/InfrequentAccess.ts"
import { writePlanned } from "../../src/sync/Lifecycle.ts"
import { harmsOf, isAsWritten, mergeRules, type Needs, ownRules } from "../../src/sync/LifecycleRules.ts"
import { type FaultProxy, s3Error, startFaultProxy } from "../store/FaultProxy.ts"
import { freshBucket, realServer, testPolicy, urlOf } from "../store/S3Fixture.ts"

const GIB = 2 ** 30
const needs = (more: Partial<Needs> = {}): Needs => ({
  prefix: "hx/",
  versioned: true,
  infrequentAccess: true,
  ...more
})

/** The guide's own example, as a bucket would have it. */
const guides: LifecycleRule = {
  ID: "hx-history-lifecycle",
  Status: "Enabled",
  Filter: { Prefix: "" },
  Transitions: [
    { Days: 30, StorageClass: "STANDARD_IA" },
    { Days: 90, StorageClass: "GLACIER" }
  ]
}

describe("hx's own rules", () => {
  it("reach nothing of manifests and vault.json but their old versions, and never archive or expire", () => {
    for (const prefix of ["", "hx/"]) {
      const rules = ownRules(needs({ prefix }))
      expect(harmsOf(rules, prefix, undefined)).toEqual([])
      for (const rule of rules) {
        const reach = rule.Filter?.And?.Prefix ?? rule.Filter?.Prefix
        expect(reach?.startsWith(prefix)).toBe(true)
        expect(reach).not.toBe("")
        if (rule.Transitions !== undefined) expect(reach).toBe(`${prefix}segments/`)
        expect(rule.Expiration ?? {}).not.toHaveProperty("Days")
      }
    }
  })

  it("have none for versions that are not kept, nor for STANDARD_IA where it does not pay", () => {
    expect(ownRules(needs({ versioned: false, infrequentAccess: false })).map(({ ID }) => ID)).toEqual([
      "hx-unfinished-uploads:hx/"
    ])
    expect(ownRules(needs({ versioned: null }))).toEqual(ownRules(needs()))
  })

  it("have ids of their own for each vault of a bucket, however long its prefix", () => {
    const ids = ["", "a/", `${"x".repeat(400)}/`, `${"x".repeat(401)}/`].flatMap((prefix) =>
      ownRules(needs({ prefix })).map(({ ID = "" }) => ID)
    )
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(255)
  })
})

describe("merging", () => {
  const others: ReadonlyArray<LifecycleRule> = [
    { ID: "logs", Status: "Enabled", Prefix: "logs/", Expiration: { Days: 3 } },
    {
      ID: "other vault",
      Status: "Enabled",
      Filter: { Prefix: "hx2/segments/" },
      Expiration: { Date: "2027-01-01T00:00:00.000Z" }
    },
    ...ownRules(needs({ prefix: "hx2/" }))
  ]

  it("keeps every rule of others and of other vaults, in the newer form, and hx's minimum size", () => {
    const merged = mergeRules({ rules: others, minimumSize: "varies_by_storage_class" }, needs())
    expect(merged.configuration.minimumSize).toBe("varies_by_storage_class")
    expect(merged.foreign).toEqual(others)
    expect(merged.configuration.rules).toContainEqual({
      ID: "logs",
      Status: "Enabled",
      Filter: { Prefix: "logs/" },
      Expiration: { Days: 3 }
    })
    expect(merged.configuration.rules).toHaveLength(others.length + ownRules(needs()).length)
  })

  it("is done when it is done: the same again changes nothing, however the service writes it", () => {
    const { configuration } = mergeRules({ rules: others }, needs())
    const answered: LifecycleConfiguration = {
      rules: [...configuration.rules]
        .reverse()
        .map(({ Filter, ...rule }) =>
          Filter?.And === undefined && Filter?.Prefix === ""
            ? { ...rule, Prefix: "" }
            : { ...rule, ...(Filter === undefined ? {} : { Filter }) }
        )
    }
    expect(isAsWritten(configuration, answered)).toBe(true)
    expect(mergeRules(answered, needs()).changes).toEqual([])
    expect(isAsWritten(configuration, { rules: answered.rules.slice(1) })).toBe(false)
  })

  it("replaces hx's rules that differ and removes those that are not wanted any more", () => {
    const stale = ownRules(needs()).map((rule) =>
      rule.AbortIncompleteMultipartUpload === undefined
        ? rule
        : { ...rule, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
    )
    expect(mergeRules({ rules: stale }, needs({ infrequentAccess: false })).changes).toEqual([
      { id: "hx-unfinished-uploads:hx/", change: "replaced" },
      { id: "hx-infrequent-access:hx/", change: "removed" }
    ])
  })
})

describe("rules of others", () => {
  const all = ["vault.json", "manifests", "segments"]

  it.each<readonly [string, Partial<LifecycleRule>, ReadonlyArray<string>]>([
    ["the guide's, over the whole bucket", guides, all],
    ["in the older form", { Prefix: "hx/", Transitions: [{ Days: 1, StorageClass: "DEEP_ARCHIVE" }] }, all],
    ["over a prefix within the vault", { Filter: { Prefix: "hx/segments/ab" }, Expiration: { Days: 9 } }, ["segments"]],
    ["that expire on a date", { Filter: { Prefix: "" }, Expiration: { Date: "2027-01-01T00:00:00Z" } }, all],
    [
      "for large objects only",
      { Filter: { And: { Prefix: "", ObjectSizeGreaterThan: 1_000_000 } }, Expiration: { Days: 9 } },
      ["manifests", "segments"]
    ]
  ])("that take the vault out of reach are found: %s", (_, rule, reaches) => {
    const harms = harmsOf([{ ID: "x", Status: "Enabled", ...rule }], "hx/", undefined)
    expect(harms.map((harm) => harm.reaches)).toEqual([reaches])
  })

  it.each<readonly [string, Partial<LifecycleRule>]>([
    ["disabled", { ...guides, Status: "Disabled" }],
    ["for another prefix", { ...guides, Filter: { Prefix: "logs/" } }],
    ["for another vault", { ...guides, Filter: { Prefix: "hx2/" } }],
    ["for tagged objects", { ...guides, Filter: { Tag: { Key: "a", Value: "b" } } }],
    [
      "into classes that can be read",
      { Filter: { Prefix: "" }, Transitions: [{ Days: 1, StorageClass: "GLACIER_IR" }] }
    ],
    ["for old versions", { Filter: { Prefix: "" }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
    ["for marks of deletions", { Filter: { Prefix: "" }, Expiration: { ExpiredObjectDeleteMarker: true } }]
  ])("that do no harm are no reason to worry: %s", (_, rule) => {
    expect(harmsOf([{ Status: "Enabled", ...rule }], "hx/", undefined)).toEqual([])
  })

  it("leave vault.json alone where Amazon's minimum size holds", () => {
    const [harm] = harmsOf([guides], "hx/", "all_storage_classes_128K")
    expect(harm).toEqual({
      id: "hx-history-lifecycle",
      does: "archives",
      into: "GLACIER",
      days: 90,
      reaches: ["manifests", "segments"]
    })
  })
})

describe("STANDARD_IA", () => {
  it("does not pay for the history of a person, and does for gigabytes", () => {
    const person = infrequentAccess({ objects: 6, bytes: 40 * 2 ** 20 }, 0.023)
    expect(person.pays).toBe(false)
    expect(person.paysFrom).toBeGreaterThan(GIB)
    expect(person.paysFrom).toBeLessThan(1.5 * GIB)
    expect(person.saving).toBeCloseTo((40 / 1024) * 0.0105, 8)
    expect(person.moving).toBeCloseTo(6e-5, 10)
    expect(infrequentAccess({ objects: 400, bytes: 3 * GIB }, 0.023).pays).toBe(true)
  })

  it("does not pay where moving many small objects costs more than they save, nor where the standard class is as cheap", () => {
    expect(infrequentAccess({ objects: 16_384, bytes: 2 * GIB }, 0.023).pays).toBe(false)
    expect(infrequentAccess({ objects: 400, bytes: 300 * GIB }, 0.0125)).toMatchObject({
      pays: false,
      paysFrom: Infinity
    })
    expect(infrequentAccess({ objects: 0, bytes: 0 }, 0.023)).toMatchObject({ pays: false, saving: 0 })
  })
})

const open = (url: string) => {
  const { credentials, location } = Either.getOrThrow(parseStoreUrl(url, { workingDirectory: "/", home: "/" }))
  if (location._tag !== "S3") throw new Error(`not an S3 URL: ${url}`)
  return openS3Lifecycle(location, credentials, testPolicy, makeRequestLog()).pipe(
    Effect.withConfigProvider(environment({}))
  )
}

describe("over S3", () => {
  let server: S3rverServer
  let proxy: FaultProxy
  beforeAll(async () => {
    server = await startS3rver(["rules"])
    proxy = await startFaultProxy(server.endpoint)
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })

  it.scopedLive("who may not read or write the rules is told by which permission", () =>
    Effect.gen(function* () {
      const rules = yield* open(
        `s3://rules/hx?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
      )
      proxy.plan(() => ({ kind: "answer", status: 403, body: s3Error("AccessDenied") }))
      const denied = (action: string) => ({
        reason: "AccessDenied",
        permission: { action, resource: "arn:aws:s3:::rules" }
      })
      expect(yield* Effect.flip(rules.read)).toMatchObject(denied("s3:GetLifecycleConfiguration"))
      expect(yield* Effect.flip(rules.versioned)).toMatchObject(denied("s3:GetBucketVersioning"))
      expect(yield* Effect.flip(rules.write({ rules: [] }))).toMatchObject(denied("s3:PutLifecycleConfiguration"))
      expect(proxy.requests).toHaveLength(3)
      expect(rules).toMatchObject({ bucket: "rules", prefix: "hx/", amazon: false })
    })
  )

  it.scopedLive("what a bucket has is read with its dates and its minimum size, and written back with them", () =>
    Effect.gen(function* () {
      const rules = yield* open(
        `s3://rules/?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
      )
      const xml = `<LifecycleConfiguration><Rule><ID>d</ID><Status>Enabled</Status><Filter><Prefix>l/</Prefix></Filter><Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`
      const minimum = { "x-amz-transition-default-minimum-object-size": "varies_by_storage_class" }
      proxy.plan(() => ({ kind: "answer", status: 200, body: xml, headers: minimum }))
      const read = yield* rules.read
      expect(read).toEqual({
        rules: [
          { ID: "d", Status: "Enabled", Filter: { Prefix: "l/" }, Expiration: { Date: "2027-01-01T00:00:00.000Z" } }
        ],
        minimumSize: "varies_by_storage_class"
      })
      proxy.plan(() => ({ kind: "answer", status: 200 }))
      yield* rules.write(read)
      expect(proxy.requests[0]?.headers).toMatchObject(minimum)
      proxy.plan(() => ({ kind: "answer", status: 404, body: s3Error("NoSuchLifecycleConfiguration") }))
      expect(yield* rules.read).toEqual({ rules: [] })
    })
  )

  it.scopedLive(
    "what a service has of its own in its rules is noticed, and such rules are not written back without it",
    () =>
      Effect.gen(function* () {
        const rules = yield* open(
          `s3://rules/?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
        )
        // MinIO's: without its second line it would delete something else.
        const xml = `<?xml version="1.0"?><LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>d</ID><Status>Enabled</Status><Filter><Prefix>l/</Prefix></Filter><Expiration><Days>1</Days><ExpiredObjectAllVersions>true</ExpiredObjectAllVersions></Expiration></Rule></LifecycleConfiguration>`
        proxy.plan(() => ({ kind: "answer", status: 200, body: xml }))
        const current = yield* rules.read
        expect(current).toMatchObject({ rules: [{ ID: "d" }], unknown: ["ExpiredObjectAllVersions"] })
        const { configuration } = mergeRules(current, needs())
        const refused = yield* Effect.flip(writePlanned(rules, { configuration, current }))
        expect(refused).toMatchObject({
          reason: "Misconfigured",
          detail: expect.stringContaining("ExpiredObjectAllVersions")
        })
        expect(proxy.requests.map(({ method }) => method)).not.toContain("PUT")
      })
  )
})

describe("writing", () => {
  const theirs: LifecycleRule = { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 3 } }
  const bucket = (configuration: LifecycleConfiguration) => {
    const state = { configuration, versioned: true }
    return { state, rules: makeMemoryLifecycle({ bucket: "b", prefix: "hx/" }, state) }
  }

  it.effect("rules that others have changed since the plan was made are not written over", () =>
    Effect.gen(function* () {
      for (const current of [{ rules: [] }, { rules: [theirs], minimumSize: "all_storage_classes_128K" }]) {
        const { rules, state } = bucket({ rules: [theirs], minimumSize: "varies_by_storage_class" })
        const { configuration } = mergeRules(current, needs())
        const refused = yield* Effect.flip(writePlanned(rules, { configuration, current }))
        expect(refused.reason).toBe("SwapLost")
        expect(state.configuration.rules).toEqual([theirs])
      }
    })
  )

  it.effect("what was planned stands in the bucket afterwards", () =>
    Effect.gen(function* () {
      const current = { rules: [theirs] }
      const { rules, state } = bucket(current)
      const { configuration } = mergeRules(current, needs())
      yield* writePlanned(rules, { configuration, current })
      expect(state.configuration).toEqual(configuration)
    })
  )
})

const real = realServer()
describe.skipIf(real === undefined)("on a real S3 server", () => {
  if (real === undefined) return

  it.scopedLive("merged rules are kept as they were written, beside those of others", () =>
    Effect.gen(function* () {
      const rules = yield* open(urlOf(real, yield* freshBucket(real), "hx"))
      expect(yield* rules.read).toEqual({ rules: [] })
      expect(yield* rules.versioned).toBe(false)
      yield* rules.write({
        rules: [
          { ID: "logs", Status: "Enabled", Prefix: "logs/", Expiration: { Days: 3 } },
          {
            ID: "dated",
            Status: "Enabled",
            Filter: { Prefix: "old/" },
            Expiration: { Date: "2027-01-01T00:00:00.000Z" }
          },
          { ...guides, Transitions: [{ Days: 90, StorageClass: "GLACIER" }] }
        ]
      })
      const wanted = needs({ infrequentAccess: false })
      const merged = mergeRules(yield* rules.read, wanted)
      expect(harmsOf(merged.foreign, "hx/", undefined)).toHaveLength(1)
      yield* rules.write(merged.configuration)
      const after = yield* rules.read
      expect(isAsWritten(merged.configuration, after)).toBe(true)
      expect(mergeRules(after, wanted).changes).toEqual([])
    })
  )
})
