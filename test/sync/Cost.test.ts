import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Settings } from "../../src/platform/Settings.ts"
import { costOf, type Estimate } from "../../src/sync/Cost.ts"
import { GB, type Prices, prices } from "../../src/sync/Prices.ts"
import type { MonthUse } from "../../src/sync/Usage.ts"

const use = (operation: string, requests: number, received = 0) => ({
  operation,
  requests,
  failed: 0,
  sent: 0,
  received
})

const month = (...operations: MonthUse["operations"]): MonthUse => ({
  store: "s3://bucket",
  month: "2026-11",
  operations,
  unreached: 99
})

const listed = Effect.runSync(Effect.provide(prices, Settings.layerTest())) // the edge: constants of these tests
const AWS = { kind: "S3", endpoint: undefined } as const
const HELD = { bytes: 2 * GB, basis: "asked" } as const

const estimate = (use: MonthUse, held: Parameters<typeof costOf>[2] = HELD, asked: Prices = listed): Estimate => {
  const cost = costOf(AWS, use, held, asked)
  if (cost._tag !== "Estimate") throw new Error("no estimate")
  return cost
}

describe("the cost of a month", () => {
  it("is that of Amazon's price list, by hand", () => {
    const cost = estimate(
      month(
        use("list", 1000),
        use("put", 2000),
        use("put part", 500),
        use("start upload", 250),
        use("finish upload", 250),
        use("get", 5000, 101 * GB),
        use("head", 5000),
        use("delete", 700),
        use("abort upload", 1),
        use("restore", 3),
        use("get lifecycle", 10)
      )
    )
    expect(cost).toEqual({
      _tag: "Estimate",
      provider: "aws",
      storage: { bytes: 2 * GB, basis: "asked", dollars: 0.046 },
      writes: { requests: 4000, dollars: 0.02 },
      reads: { requests: 10_010, dollars: 0.004004 },
      free: { requests: 701, dollars: 0 },
      restores: { requests: 3, dollars: 0 },
      egress: { bytes: 101 * GB, dollars: 0.09 },
      total: 0.160004
    })
  })

  it("has every request in one of its lines, and none twice", () => {
    const operations = ["list", "put", "get", "head", "delete", "restore", "something new"].map((operation, index) =>
      use(operation, index + 1)
    )
    const { free, reads, restores, writes } = estimate(month(...operations))
    expect(writes.requests + reads.requests + free.requests + restores.requests).toBe(28)
  })

  it("is nothing for what is free of charge, and its sum is that of its lines", () => {
    const idle = estimate(month(use("get", 1, 100 * GB)), { bytes: 0, basis: "remembered" })
    expect(idle).toMatchObject({ storage: { dollars: 0 }, egress: { dollars: 0 }, total: idle.reads.dollars })
    const { egress, reads, storage, total, writes } = estimate(month(use("put", 333), use("get", 777, 333 * GB)))
    expect(total).toBeCloseTo(storage.dollars + writes.dollars + reads.dollars + egress.dollars, 9)
  })

  it("is not reckoned for a folder, and for other services is said to be Amazon's", () => {
    expect(costOf({ kind: "Folder", endpoint: undefined }, month(), HELD, listed)).toEqual({ _tag: "Free" })
    const at = (endpoint: string) => costOf({ kind: "S3", endpoint }, month(), HELD, listed)
    expect(at("http://localhost:9000")).toMatchObject({ provider: "other" })
    expect(at("https://s3.wasabisys.com")).toMatchObject({ provider: "other" })
    expect(at("https://amazonaws.com.example.org")).toMatchObject({ provider: "other" })
    expect(at("https://s3.eu-west-1.amazonaws.com")).toMatchObject({ provider: "aws" })
  })
})

describe("prices", () => {
  it.effect("are the list's, dated, and those that the user sets", () =>
    Effect.gen(function* () {
      expect(listed).toEqual({
        storage: 0.023,
        writes: 0.005,
        reads: 0.0004,
        egress: 0.09,
        freeEgress: 100,
        overridden: [],
        asOf: "2026-10"
      })
      const own = yield* Effect.provide(
        prices,
        Settings.layerTest({ HX_SYNC_PRICE_STORAGE: "0.006", HX_SYNC_PRICE_EGRESS: "0" })
      )
      expect(own).toMatchObject({ overridden: ["HX_SYNC_PRICE_STORAGE", "HX_SYNC_PRICE_EGRESS"] })
      const cost = estimate(month(use("get", 0, 500 * GB)), HELD, own)
      expect(cost).toMatchObject({ storage: { dollars: 0.012 }, egress: { dollars: 0 } })
    })
  )
})
