/** What the store, or something in its place, answers: pages, silence, halves, refusals for now; and what hx does about it by itself. */

import { beforeAll, describe, expect, it } from "vitest"
import { answer, describeRows, hasty, makeStage, OBJECT, page, type Row, storeUrl, twice } from "./FailureRows.ts"

const stage = makeStage()

beforeAll(async () => {
  await stage.device("founder").json(["sync", "init", "--store", there(stage.endpoint()), "--no-encrypt"])
})

const there = (endpoint: string) => storeUrl(endpoint, "there")

const answers: Readonly<Record<string, Row>> = {
  "a login page instead of the store": {
    fault: page(200),
    told: { code: 6, words: "This is not a store", subject: [OBJECT, "login"], hint: "a network's login page" }
  },
  "a redirect to a login page": {
    fault: page(302, { location: "https://login.hotel.example/welcome?session=1" }),
    told: {
      code: 6,
      words: "This is not a store",
      subject: ["it redirects to https://login.hotel.example"],
      hint: "login page"
    }
  },
  "another service, which knows no such page": {
    fault: page(404),
    told: { code: 6, words: "This is not a store", subject: ["web page, status 404"], hint: "Check the endpoint" }
  },
  silence: {
    env: hasty,
    fault: { kind: "stall" },
    told: { code: 6, words: "Timed out", subject: [OBJECT, "no progress"], hint: "HX_SYNC_TIMEOUT" },
    requests: 1
  },
  "a body that stands still": {
    url: there,
    env: hasty,
    fault: { kind: "stall body", after: 10 },
    told: { code: 6, words: "Timed out", subject: ["no progress"], hint: "HX_SYNC_TIMEOUT" },
    requests: 1
  },
  "a body that ends early": {
    url: there,
    env: twice,
    fault: { kind: "truncate", after: 10 },
    told: { code: 6, words: "Connection lost", subject: ["vault/there/vault.json, on get"], hint: "try again" },
    requests: 2
  },
  "a connection that is cut": {
    env: twice,
    fault: { kind: "reset" },
    told: { code: 6, words: "Connection lost", subject: ["the other side closed it"], hint: "Check the network" },
    requests: 2
  },
  "a store that is asked too often": {
    env: twice,
    fault: answer(503, "SlowDown"),
    told: {
      code: 6,
      words: "Throttled",
      subject: [OBJECT, "status 503, SlowDown"],
      hint: "HX_SYNC_CONCURRENT_UPLOADS and HX_SYNC_CONCURRENT_DOWNLOADS"
    },
    requests: 2
  },
  "a proxy that is asked too often": {
    env: twice,
    fault: { kind: "answer", status: 429 },
    told: { code: 6, words: "Throttled", subject: ["status 429"], hint: "Try again later" },
    requests: 2
  },
  "a store that asks to wait for longer than anybody would": {
    fault: answer(503, "SlowDown", "", { "retry-after": "600" }),
    told: { code: 6, words: "Throttled", subject: ["it asks to wait 600 s"], hint: "Try again later" },
    requests: 1
  },
  "an internal error": {
    env: twice,
    fault: answer(500, "InternalError"),
    told: { code: 6, words: "The store failed", subject: ["status 500, InternalError"], hint: "Try again later" },
    requests: 2
  },
  "a gateway without a store behind it": {
    env: twice,
    fault: page(502),
    told: { code: 6, words: "The store failed", subject: ["status 502"], hint: "Try again later" },
    requests: 2
  },
  "a gateway that gave up": {
    env: twice,
    fault: page(504),
    told: { code: 6, words: "The store failed", subject: ["status 504"], hint: "Try again later" },
    requests: 2
  },
  "an archived vault.json": {
    url: there,
    fault: answer(403, "InvalidObjectState", "<StorageClass>GLACIER</StorageClass>"),
    told: { code: 7, words: "Archived in GLACIER", subject: ["vault/there/vault.json"], hint: "estor" },
    requests: 1
  }
}

describeRows("what init says of answers", stage, answers)

describe("what hx does by itself", { timeout: 60_000 }, () => {
  const init = (name: string, env: Readonly<Record<string, string>> = {}) =>
    stage
      .device(name)
      .json(["sync", "init", "--no-encrypt", "--store", storeUrl(stage.proxy().endpoint, name)], { env })

  it("waits as long as the store asks, however short its own delays are", async () => {
    const asked: Array<number> = []
    stage.proxy().plan(() => {
      asked.push(performance.now())
      return asked.length === 1 ? answer(503, "SlowDown", "", { "retry-after": "1" }) : undefined
    })
    await init("throttled", { HX_SYNC_RETRY_DELAY: "1ms", HX_SYNC_MAX_RETRY_DELAY: "1ms" })
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it("does without conditional writes where the store has none", async () => {
    stage
      .proxy()
      .plan((_, { headers }) =>
        headers["if-match"] === undefined && headers["if-none-match"] === undefined
          ? undefined
          : answer(501, "NotImplemented")
      )
    expect(await init("unsupported")).toMatchObject({ outcome: "founded", conditionalWrites: false })
  })

  it("tries again what failed once: a reset, a gateway's page, half a body", async () => {
    const faults = [{ kind: "reset" as const }, page(502), page(503)]
    stage.proxy().plan((index) => faults[index])
    expect(await init("again", { HX_SYNC_RETRY_DELAY: "1ms" })).toMatchObject({ outcome: "founded" })
  })
})
