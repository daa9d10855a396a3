/**
 * What every ObjectStore keeps, whatever is behind it. Run on memory, a folder, s3rver in process and a real S3 server. Each test has a fresh,
 * empty store. Where a store cannot do something, its capabilities say so, and the tests check what is promised instead.
 */

import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck as fc, type Scope, Stream } from "effect"
import { Always, Create, IfMatch, type ObjectStoreService, UNHEARD_UPLOAD } from "../../src/store/ObjectStore.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

export interface ContractOptions {
  /** An empty store; two of one test are two clients of the same. */
  readonly fresh: Effect.Effect<Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>, never, Scope.Scope>
  /** Whether conditions are kept; s3rver ignores them. */
  readonly conditional: boolean
  /** s3rver lists the directories of its file system. */
  readonly ordered?: boolean
  /** How many objects to list; more than a page where the server's pages work. */
  readonly listed: number
  /** Losers of a race may be told "server failure" instead (Ceph), which says: look. */
  readonly vagueLosers?: boolean
}

const MIB = 1024 * 1024
const CAP = 64 * MIB
const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (found: { readonly bytes: Uint8Array }): string => Buffer.from(found.bytes).toString()
const patterned = (size: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8) * seed + seed) & 0xff)

const names = (store: ObjectStoreService, prefix: string) =>
  Effect.map(Stream.runCollect(store.list(prefix)), (chunk) => Chunk.toReadonlyArray(chunk).map(({ name }) => name))

const reasonOf = <A>(effect: Effect.Effect<A, StoreError>) => Effect.map(Effect.flip(effect), ({ reason }) => reason)

export const contract = (kind: string, options: ContractOptions) => {
  const withStore = <E>(
    name: string,
    test: (
      store: ObjectStoreService,
      another: Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>
    ) => Effect.Effect<unknown, E, Scope.Scope>
  ) =>
    it.scopedLive(name, () =>
      Effect.flatMap(options.fresh, (open) => Effect.flatMap(open, (store) => test(store, open)))
    )

  describe(`the contract of stores: ${kind}`, () => {
    withStore("what is put is got, byte for byte, with the ETag that put gave", (store) =>
      Effect.gen(function* () {
        for (const size of [0, 1, 1000, 70_000]) {
          const body = patterned(size, 7)
          const { etag } = yield* store.put("a/b.bin", body, { condition: Always })
          const found = yield* store.get("a/b.bin", CAP)
          expect(Buffer.compare(found.bytes, body)).toBe(0)
          expect(found.etag).toBe(etag)
          expect(etag).not.toMatch(/"/)
        }
      })
    )

    withStore("what is put by one client is seen by another", (store, another) =>
      Effect.gen(function* () {
        yield* store.put("shared", bytes("one"), { condition: Always })
        const other = yield* another
        expect(text(yield* other.get("shared", CAP))).toBe("one")
        expect(yield* names(other, "")).toEqual(["shared"])
      })
    )

    withStore("what was put does not change with the caller's buffer, nor what was got", (store) =>
      Effect.gen(function* () {
        const body = patterned(100, 3)
        yield* store.put("x", body, { condition: Always })
        body.fill(0)
        const first = yield* store.get("x", CAP)
        first.bytes.fill(9)
        expect(Buffer.compare((yield* store.get("x", CAP)).bytes, patterned(100, 3))).toBe(0)
      })
    )

    withStore("an object that is not there is Absent, and deleting it succeeds", (store) =>
      Effect.gen(function* () {
        expect(yield* reasonOf(store.get("nothing/here", CAP))).toBe("Absent")
        expect(yield* store.delete("nothing/here")).toEqual({ versionsLeft: false })
        yield* store.put("a/b", bytes("x"), { condition: Always })
        expect(yield* reasonOf(store.get("a", CAP))).toBe("Absent")
      })
    )

    withStore("a deleted object is gone, and only it", (store) =>
      Effect.gen(function* () {
        yield* store.put("a/1", bytes("x"), { condition: Always })
        yield* store.put("a/2", bytes("y"), { condition: Always })
        expect(yield* store.delete("a/1")).toEqual({ versionsLeft: false })
        expect(yield* reasonOf(store.get("a/1", CAP))).toBe("Absent")
        expect(yield* names(store, "")).toEqual(["a/2"])
        yield* store.delete("a/1")
      })
    )

    withStore("an object larger than the cap is TooLarge, one of exactly the cap is got", (store) =>
      Effect.gen(function* () {
        yield* store.put("big", patterned(5000, 1), { condition: Always })
        expect(yield* reasonOf(store.get("big", 4999))).toBe("TooLarge")
        expect((yield* store.get("big", 5000)).bytes.length).toBe(5000)
        yield* store.put("empty", new Uint8Array(0), { condition: Always })
        expect((yield* store.get("empty", 0)).bytes.length).toBe(0)
      })
    )

    withStore("a list gives name, ETag and size of every object with the prefix, in the order of names", (store) =>
      Effect.gen(function* () {
        const given = ["m/a-1", "m/a/x", "m/a.b", "m/B", "m/b", "m_x/y", "n/a", "vault.json"]
        const etags = new Map<string, string>()
        for (const [index, name] of given.entries()) {
          const { etag } = yield* store.put(name, patterned(index * 10, index), { condition: Always })
          etags.set(name, etag)
        }
        const inOrder = (found: ReadonlyArray<string>) => (options.ordered === false ? [...found].sort() : found)
        const listed = Chunk.toReadonlyArray(yield* Stream.runCollect(store.list("m/")))
        expect(inOrder(listed.map(({ name }) => name))).toEqual(["m/B", "m/a-1", "m/a.b", "m/a/x", "m/b"])
        for (const { name, etag, size } of listed) {
          expect(etag).toBe(etags.get(name))
          expect(size).toBe(given.indexOf(name) * 10)
        }
        expect(inOrder(yield* names(store, "m"))).toEqual(["m/B", "m/a-1", "m/a.b", "m/a/x", "m/b", "m_x/y"])
        expect(inOrder(yield* names(store, "m/a"))).toEqual(["m/a-1", "m/a.b", "m/a/x"])
        expect(yield* names(store, "vault")).toEqual(["vault.json"])
        expect(yield* names(store, "zzz/")).toEqual([])
        expect((yield* names(store, "")).length).toBe(given.length)
      })
    )

    withStore(`a list of ${options.listed} objects is complete`, (store) =>
      Effect.gen(function* () {
        const given = Array.from({ length: options.listed }, (_, index) => `s/${String(index).padStart(6, "0")}`)
        yield* Effect.forEach(given, (name) => store.put(name, bytes(name), { condition: Always }), { concurrency: 16 })
        expect(yield* names(store, "s/")).toEqual(given)
      })
    )

    withStore("a large object, sent in parts where the store has them, is got as it was", (store) =>
      Effect.gen(function* () {
        const body = patterned(11 * MIB + 17, 5)
        const noted: Array<string | null> = []
        let sent = 0
        const { etag } = yield* store.put("large", body, {
          condition: Always,
          onMultipart: (id) => Effect.sync(() => noted.push(id)),
          onProgress: (soFar) => {
            expect(soFar).toBeGreaterThanOrEqual(sent)
            sent = soFar
          }
        })
        const found = yield* store.get("large", CAP)
        expect(Buffer.compare(found.bytes, body)).toBe(0)
        expect(found.etag).toBe(etag)
        expect(sent).toBe(body.length)
        if (noted.length > 0) expect(noted).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./), null])
      })
    )

    withStore("aborting a multipart upload that does not exist succeeds", (store) =>
      Effect.gen(function* () {
        yield* store.put("x", bytes("x"), { condition: Always })
        yield* store.abortMultipart("x", "2~abcdefghijklmnopqrstuvwxyz012345")
        expect(text(yield* store.get("x", CAP))).toBe("x")
      })
    )

    withStore(
      "what is not archived is Readable when asked for; a server that has no archive may say so instead",
      (store) =>
        Effect.gen(function* () {
          yield* store.put("a/x", bytes("x"), { condition: Always })
          const asked = yield* Effect.either(store.restore("a/x", "GLACIER"))
          if (Either.isRight(asked)) {
            expect(asked.right).toBe("Readable")
            expect(yield* reasonOf(store.restore("a/y", "GLACIER"))).toBe("Absent")
          } else expect(["Unsupported", "Misconfigured"]).toContain(asked.left.reason)
          expect(text(yield* store.get("a/x", CAP))).toBe("x")
        })
    )

    withStore("names that leave the store are refused", (store) =>
      Effect.gen(function* () {
        for (const name of ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a\\b", "a\u0000b", "a/"]) {
          expect(yield* reasonOf(store.put(name, bytes("x"), { condition: Always })), name).toBe("Misconfigured")
          expect(yield* reasonOf(store.get(name, CAP)), name).toBe("Misconfigured")
          expect(yield* reasonOf(store.delete(name)), name).toBe("Misconfigured")
        }
        expect(yield* names(store, "")).toEqual([])
      })
    )

    withStore("a create-only put is refused where there is an object, and changes nothing", (store) =>
      Effect.gen(function* () {
        yield* store.put("c/x", bytes("first"), { condition: Create })
        const again = yield* Effect.either(store.put("c/x", bytes("second"), { condition: Create }))
        if (options.conditional) {
          expect(Either.isLeft(again) && again.left.reason).toBe("AlreadyExists")
          expect(text(yield* store.get("c/x", CAP))).toBe("first")
          yield* store.delete("c/x")
          yield* store.put("c/x", bytes("third"), { condition: Create })
          expect(text(yield* store.get("c/x", CAP))).toBe("third")
        } else {
          expect(text(yield* store.get("c/x", CAP))).toBe("second")
        }
      })
    )

    if (options.conditional) conditionalContract(withStore, options)

    it.scopedLive("it behaves like a map from names to bytes, whatever is done to it", () =>
      Effect.gen(function* () {
        const store = yield* Effect.flatten(options.fresh)
        const model = new Map<string, string>()
        for (const [action, index, value] of steps) {
          const name = `d/${index}`
          if (action === "put") {
            yield* store.put(name, bytes(value), { condition: Always })
            model.set(name, value)
          } else if (action === "delete") {
            yield* store.delete(name)
            model.delete(name)
          } else {
            const found = yield* Effect.either(store.get(name, CAP))
            expect(Either.isRight(found) ? text(found.right) : undefined).toBe(model.get(name))
          }
        }
        expect(yield* names(store, "")).toEqual([...model.keys()].sort())
      })
    )
  })
}

/** The same steps every time, so that a failure can be looked at. */
const steps = fc.sample(
  fc.tuple(
    fc.constantFrom("put", "put", "get", "delete"),
    fc.integer({ min: 0, max: 5 }),
    fc.string({ maxLength: 20 })
  ),
  { numRuns: 60, seed: 20261122 }
)

const conditionalContract = (
  withStore: <E>(
    name: string,
    test: (
      store: ObjectStoreService,
      another: Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>
    ) => Effect.Effect<unknown, E, Scope.Scope>
  ) => void,
  options: ContractOptions
) => {
  const lost = (reasons: ReadonlyArray<string>, reason: string) =>
    expect(options.vagueLosers === true ? [...reasons, "ServerFailure"] : reasons).toContain(reason)

  withStore("an if-match put succeeds on the known ETag only, and changes nothing otherwise", (store) =>
    Effect.gen(function* () {
      expect(yield* reasonOf(store.put("m", bytes("x"), { condition: IfMatch("0123") }))).toBe("SwapLost")
      const first = yield* store.put("m", bytes("one"), { condition: Create })
      const second = yield* store.put("m", bytes("two"), { condition: IfMatch(first.etag) })
      expect(second.etag).not.toBe(first.etag)
      expect(yield* reasonOf(store.put("m", bytes("three"), { condition: IfMatch(first.etag) }))).toBe("SwapLost")
      expect(text(yield* store.get("m", CAP))).toBe("two")
      const [listed] = Chunk.toReadonlyArray(yield* Stream.runCollect(store.list("m")))
      yield* store.put("m", bytes("four"), { condition: IfMatch(listed?.etag ?? "") })
      expect(text(yield* store.get("m", CAP))).toBe("four")
    })
  )

  withStore("of several clients that create one object at once, one succeeds", (store, another) =>
    Effect.gen(function* () {
      const clients = [store, yield* another, yield* another, yield* another]
      for (let round = 0; round < 5; round++) {
        const name = `race/${round}`
        const results = yield* Effect.forEach(
          clients,
          (client, index) => Effect.either(client.put(name, bytes(`client ${index}`), { condition: Create })),
          { concurrency: "unbounded" }
        )
        const winner = text(yield* store.get(name, CAP))
        expect(results.flatMap((result, index) => (Either.isRight(result) ? [`client ${index}`] : []))).toEqual([
          winner
        ])
        for (const result of results) if (Either.isLeft(result)) lost(["AlreadyExists"], result.left.reason)
      }
    })
  )

  withStore("of several clients that swap one object at once, one succeeds", (store, another) =>
    Effect.gen(function* () {
      const clients = [store, yield* another, yield* another, yield* another]
      let { etag } = yield* store.put("race", bytes("start"), { condition: Create })
      for (let round = 0; round < 8; round++) {
        const known = etag
        const results = yield* Effect.forEach(
          clients,
          (client, index) =>
            Effect.either(client.put("race", bytes(`round ${round} client ${index}`), { condition: IfMatch(known) })),
          { concurrency: "unbounded" }
        )
        const found = yield* store.get("race", CAP)
        expect(
          results.flatMap((result, index) => (Either.isRight(result) ? [`round ${round} client ${index}`] : []))
        ).toEqual([text(found)])
        for (const result of results) if (Either.isLeft(result)) lost(["SwapLost"], result.left.reason)
        etag = found.etag
      }
    })
  )
}
