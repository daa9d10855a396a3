import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeMemoryBucket, makeMemoryStore, plant } from "../../src/store/MemoryObjectStore.ts"
import { Create, IfMatch } from "../../src/store/ObjectStore.ts"
import { contract } from "./contract.ts"

contract("memory", {
  fresh: Effect.sync(() => {
    const bucket = makeMemoryBucket()
    return Effect.sync(() => makeMemoryStore(bucket))
  }),
  conditional: true,
  listed: 2500
})

const bytes = Buffer.from("x")
const reason = <A>(effect: Effect.Effect<A, { readonly reason: string }>) =>
  Effect.map(Effect.either(effect), (result) => (result._tag === "Right" ? "ok" : result.left.reason))

describe("a bucket in memory", () => {
  it.effect("can ignore conditions, not know them, or want the ETag in one form only", () =>
    Effect.gen(function* () {
      const careless = makeMemoryStore(makeMemoryBucket({ create: "ignored", ifMatch: "ignored" }))
      yield* careless.put("x", bytes, { condition: Create })
      expect(yield* reason(careless.put("x", bytes, { condition: Create }))).toBe("ok")
      expect(yield* reason(careless.put("x", bytes, { condition: IfMatch("stale") }))).toBe("ok")

      const ignorant = makeMemoryStore(makeMemoryBucket({ create: "unsupported", ifMatch: "unsupported" }))
      expect(yield* reason(ignorant.put("x", bytes, { condition: Create }))).toBe("Unsupported")
      expect(yield* reason(ignorant.put("x", bytes, { condition: IfMatch("e") }))).toBe("Unsupported")

      const fussy = makeMemoryBucket({ create: "honoured", ifMatch: "unquoted" })
      const { etag } = plant(fussy, "x", bytes)
      const quoted = makeMemoryStore(fussy, "memory", { createOnly: true, ifMatch: "quoted" })
      const unquoted = makeMemoryStore(fussy, "memory", { createOnly: true, ifMatch: "unquoted" })
      expect(yield* reason(quoted.put("x", bytes, { condition: IfMatch(etag) }))).toBe("SwapLost")
      expect(yield* reason(unquoted.put("x", bytes, { condition: IfMatch(etag) }))).toBe("ok")
    })
  )

  it.effect("is sent no condition by a client that believes it has none", () =>
    Effect.gen(function* () {
      const store = makeMemoryStore(makeMemoryBucket(), "memory", { createOnly: false, ifMatch: "none" })
      yield* store.put("x", bytes, { condition: Create })
      expect(yield* reason(store.put("x", bytes, { condition: Create }))).toBe("ok")
      expect(yield* reason(store.put("x", bytes, { condition: IfMatch("stale") }))).toBe("ok")
    })
  )

  it.effect("refuses to give archived objects", () =>
    Effect.gen(function* () {
      const bucket = makeMemoryBucket()
      plant(bucket, "old", bytes, "GLACIER")
      expect(yield* reason(makeMemoryStore(bucket).get("old", 100))).toBe("Archived")
    })
  )
})
