import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { makeFolderStore } from "../../src/store/FolderObjectStore.ts"
import { Always, Create, IfMatch, type ObjectStoreService } from "../../src/store/ObjectStore.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { asNobody } from "../platform/AsNobody.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"
import { contract } from "./contract.ts"

contract("folder", {
  fresh: Effect.map(temporaryDirectory, (root) => Effect.sync(() => makeFolderStore(root))),
  conditional: true,
  listed: 600
})

const bytes = (text: string) => Buffer.from(text)
const reason = <A>(effect: Effect.Effect<A, StoreError>) => Effect.map(Effect.flip(effect), (error) => error.reason)
const names = (store: ObjectStoreService, prefix = "") =>
  Effect.map(Stream.runCollect(store.list(prefix)), (chunk) => Chunk.toReadonlyArray(chunk).map(({ name }) => name))
const isRoot = process.getuid?.() === 0

describe("a folder store", () => {
  it.scopedLive("keeps objects as plain files for their owner alone", () =>
    Effect.gen(function* () {
      const root = join(yield* temporaryDirectory, "new", "store")
      const store = makeFolderStore(root)
      yield* store.put("vault.json", bytes("{}"), { condition: Always })
      yield* store.put("segments/ab/c.hxs", bytes("content"), { condition: Create })
      expect(readFileSync(join(root, "segments/ab/c.hxs"), "utf8")).toBe("content")
      expect(lstatSync(join(root, "segments/ab/c.hxs")).mode & 0o777).toBe(0o600)
      expect(lstatSync(join(root, "segments")).mode & 0o777).toBe(0o700)
      expect(readdirSync(root).filter((name) => !name.startsWith(".~hx"))).toEqual(["segments", "vault.json"])
      expect(readdirSync(join(root, "segments/ab"))).toEqual(["c.hxs"])
    })
  )

  it.scopedLive(
    "that is missing has no objects, is no empty list, and is made by nothing but an object of its first level",
    () =>
      Effect.gen(function* () {
        const root = join(yield* temporaryDirectory, "unmounted")
        const store = makeFolderStore(root)
        expect(yield* reason(store.get("vault.json", 10))).toBe("Absent")
        expect(yield* reason(Stream.runDrain(store.list("manifests/")))).toBe("NoSuchFolder")
        expect(yield* reason(store.put("m", bytes("x"), { condition: IfMatch("e") }))).toBe("NoSuchFolder")
        expect(yield* reason(store.put("segments/a/b.hxs", bytes("x"), { condition: Create }))).toBe("NoSuchFolder")
        yield* store.delete("m")
        expect(existsSync(root)).toBe(false)
        yield* store.put("vault.json", bytes("x"), { condition: Create })
        expect(yield* names(store)).toEqual(["vault.json"])
        expect(yield* names(store, "manifests/")).toEqual([])
      })
  )

  it.scopedLive("gives a new ETag to each write, though size and clock stand still", () =>
    Effect.gen(function* () {
      const store = makeFolderStore(yield* temporaryDirectory)
      const etags = new Set<string>()
      let { etag } = yield* store.put("m", bytes("000"), { condition: Create })
      for (let round = 0; round < 200; round++) {
        etags.add(etag)
        etag = (yield* store.put("m", bytes(String(round).padStart(3, "0")), { condition: IfMatch(etag) })).etag
      }
      expect(etags.size).toBe(200)
    })
  )

  it.scopedLive("gives a later time to a file that replaces one from the future", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const store = makeFolderStore(root)
      yield* store.put("m", bytes("a"), { condition: Always })
      utimesSync(join(root, "m"), 4_000_000_000, 4_000_000_000)
      yield* store.put("m", bytes("b"), { condition: Always })
      expect(lstatSync(join(root, "m")).mtimeMs).toBeGreaterThan(4_000_000_000_000)
    })
  )

  it.scopedLive("does not show temporary files, and removes those of killed runs when they are old", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const old = join(root, ".~hx-0123456789abcdef.tmp")
      const young = join(root, ".~hx-fedcba9876543210.tmp")
      for (const path of [old, young, join(root, ".syncthing.m.tmp")]) writeFileSync(path, "half")
      utimesSync(old, 1_000_000, 1_000_000)
      expect(yield* names(makeFolderStore(root))).toEqual([])
      yield* makeFolderStore(root).put("x", bytes("x"), { condition: Create })
      expect(existsSync(old)).toBe(false)
      expect(existsSync(young)).toBe(true)
    })
  )

  it.scopedLive(
    "purges temporary files of the objects that are meant, however new: what is forgotten may be in them",
    () =>
      Effect.gen(function* () {
        const root = yield* temporaryDirectory
        const store = makeFolderStore(root)
        yield* store.put("segments/a/1.hxs", bytes("one"), { condition: Create })
        const ours = join(root, "segments/a/.~hx-1.hxs-0123456789abcdef.tmp")
        const theirs = join(root, "segments/.~hx-b.hxs-0123456789abcdef.tmp")
        for (const path of [ours, theirs]) writeFileSync(path, "forgotten")
        expect(yield* store.purge!("segments/a/")).toEqual({ deleted: 1, left: 0 })
        expect([ours, theirs].map((path) => existsSync(path))).toEqual([false, true])
        expect(yield* names(store)).toEqual(["segments/a/1.hxs"])
      })
  )

  it.scopedLive("shows conflict copies of others' making, and can read and delete them", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const store = makeFolderStore(root)
      const copies = ["m (Anna's conflicted copy 2026-11-22).hxm", "m.sync-conflict-20261122-101112-ABCDEFG.hxm"]
      for (const copy of copies) writeFileSync(join(root, copy), copy)
      expect(yield* names(store)).toEqual(copies)
      for (const copy of copies) {
        expect(Buffer.from((yield* store.get(copy, 100)).bytes).toString()).toBe(copy)
        yield* store.delete(copy)
      }
      expect(yield* names(store)).toEqual([])
    })
  )

  it.scopedLive("may be reached through a symbolic link, but follows none inside", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const outside = join(directory, "outside")
      const real = join(directory, "real")
      mkdirSync(outside)
      mkdirSync(real)
      writeFileSync(join(outside, "secret"), "secret")
      symlinkSync(real, join(directory, "link"))
      const store = makeFolderStore(join(directory, "link"))
      yield* store.put("a", bytes("a"), { condition: Always })
      symlinkSync(outside, join(real, "manifests"))
      symlinkSync(join(outside, "secret"), join(real, "file"))
      expect(yield* names(store)).toEqual(["a"])
      expect(yield* reason(store.get("file", 100))).toBe("NotAStore")
      expect(yield* reason(store.get("manifests/secret", 100))).toBe("NotAStore")
      expect(yield* reason(store.delete("manifests/secret"))).toBe("NotAStore")
      expect(yield* reason(store.put("manifests/x", bytes("x"), { condition: Create }))).toBe("NotAStore")
      expect(yield* reason(Stream.runDrain(store.list("manifests/")))).toBe("NotAStore")
      expect(readdirSync(outside)).toEqual(["secret"])
    })
  )

  it.scopedLive("replaces a symbolic link that stands where an object belongs, not what it points to", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const store = makeFolderStore(root)
      writeFileSync(join(root, "target"), "untouched")
      symlinkSync(join(root, "target"), join(root, "m"))
      yield* store.put("m", bytes("new"), { condition: Always })
      expect(readFileSync(join(root, "target"), "utf8")).toBe("untouched")
      expect(lstatSync(join(root, "m")).isFile()).toBe(true)
    })
  )

  it.scopedLive("that is a file, or has a file in the way, is no store", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      writeFileSync(join(directory, "file"), "x")
      const store = makeFolderStore(join(directory, "file"))
      expect(yield* reason(Stream.runDrain(store.list("")))).toBe("NotAStore")
      expect(yield* reason(store.get("x", 10))).toBe("NotAStore")
      expect(yield* reason(store.put("x", bytes("x"), { condition: Create }))).toBe("NotAStore")
      expect(yield* reason(makeFolderStore(directory).put("file/x", bytes("x"), { condition: Create }))).toBe(
        "NotAStore"
      )
    })
  )

  it.scopedLive("that may not be written or read is AccessDenied", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const store = makeFolderStore(root)
      yield* store.put("m/x", bytes("x"), { condition: Create })
      chmodSync(root, 0o755)
      chmodSync(join(root, "m"), 0o555)
      chmodSync(join(root, "m/x"), 0o644)
      yield* asNobody(
        Effect.gen(function* () {
          expect(Buffer.from((yield* store.get("m/x", 10)).bytes).toString()).toBe("x")
          expect(yield* reason(store.put("m/y", bytes("y"), { condition: Create }))).toBe("AccessDenied")
          expect(yield* reason(store.put("m/x", bytes("y"), { condition: Always }))).toBe("AccessDenied")
          expect(yield* reason(store.delete("m/x"))).toBe("AccessDenied")
        })
      )
      chmodSync(join(root, "m"), 0o700)
      yield* asNobody(
        Effect.gen(function* () {
          expect(yield* reason(store.get("m/x", 10))).toBe("AccessDenied")
          expect(yield* reason(Stream.runDrain(store.list("")))).toBe("AccessDenied")
        })
      )
    })
  )

  it.scopedLive.skipIf(!existsSync("/dev/full") || !isRoot)("on a full disk is NoSpace and leaves nothing", () =>
    Effect.gen(function* () {
      const root = yield* smallDisk
      const store = makeFolderStore(root)
      yield* store.put("small", bytes("x"), { condition: Create })
      expect(yield* reason(store.put("m/large", Buffer.alloc(4 * 1024 * 1024), { condition: Create }))).toBe("NoSpace")
      expect(yield* names(store)).toEqual(["small"])
      expect(readdirSync(join(root, "m"))).toEqual([])
    })
  )
})

/** A tmpfs of 1 MiB; needs root. */
const smallDisk = Effect.gen(function* () {
  const { execFileSync } = yield* Effect.promise(() => import("node:child_process"))
  const root = join(yield* temporaryDirectory, "disk")
  mkdirSync(root)
  yield* Effect.acquireRelease(
    Effect.sync(() => execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", root])),
    () => Effect.sync(() => execFileSync("umount", [root]))
  )
  return root
})
