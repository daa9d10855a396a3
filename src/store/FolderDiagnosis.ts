/** What `hx sync check` finds out about a folder and the disk it is on, beyond putting and getting objects. */

import { Effect, Option } from "effect"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { lstat, open, readdir, rename, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileSystemOf } from "../platform/FileSystems.ts"
import { syncDirectory } from "../platform/PrivateFile.ts"
import { type Check, type Failed, failedWith, type Found, found, warning } from "./Checks.ts"
import { holdLock, OWN, requireRoot } from "./FolderDirectories.ts"
import { attemptOn } from "./FolderErrors.ts"
import { makeFolderStore } from "./FolderObjectStore.ts"
import type { DiagnosisRequest, StoreDiagnosis } from "./StoreDiagnosis.ts"
import { StoreError } from "./StoreError.ts"

type Step = Effect.Effect<Found, Failed<StoreError>>

export const makeFolderDiagnosis = (root: string, asked: DiagnosisRequest): StoreDiagnosis => {
  const before: ReadonlyArray<Check<StoreError>> = [
    { id: "folder", needs: [], run: isThere(root, asked.bound) },
    { id: "mount", needs: ["folder"], run: isMounted(root, asked.bound, readMounts()) },
    { id: "disk", needs: ["folder"], run: whichDisk(root) }
  ]
  const after: ReadonlyArray<Check<StoreError>> = [
    { id: "fsync", needs: ["put"], run: movesDurably(root) },
    { id: "lock", needs: ["put"], run: locks(root) }
  ]
  return {
    before,
    after,
    open: () => Effect.succeed(makeFolderStore(root)),
    firstList: Effect.succeedNone,
    region: Effect.succeed(undefined)
  }
}

const isThere = (root: string, bound: boolean): Step =>
  requireRoot("open", root).pipe(
    Effect.as(found(root)),
    Effect.catchIf(
      // Init makes it; but not where a disk is meant to be mounted.
      (error) => !bound && error.reason === "NoSuchFolder",
      () => Effect.succeed(warning(`${root} is not there yet`, "hx sync init makes it.", { stops: true }))
    ),
    Effect.mapError((error) => failedWith(error))
  )

/** The places where file systems are mounted, and those where /etc/fstab says that one should be. */
export interface Mounts {
  readonly mounted: ReadonlyArray<string>
  readonly meant: ReadonlyArray<string>
}

/** A disk that is not mounted leaves an empty folder, which looks like a store that somebody has emptied. */
export const isMounted = (root: string, bound: boolean, mounts: Mounts): Step =>
  Effect.gen(function* () {
    const names = yield* Effect.mapError(
      attemptOn("list", root, () => readdir(root)),
      (error) => failedWith(error)
    )
    const above = mounts.meant.filter((place) => place !== "/" && isWithin(root, place))
    const missing = above.find((place) => !mounts.mounted.includes(place))
    const empty = names.every((name) => name.startsWith(OWN))
    if (missing !== undefined)
      return yield* notMounted(root, `/etc/fstab has a disk for ${missing}, and it is not mounted`)
    const on = mounts.mounted
      .filter((place) => isWithin(root, place))
      .reduce((a, b) => (b.length > a.length ? b : a), "")
    if (!empty || on !== "/" || !REMOVABLE.some((place) => isWithin(root, place))) {
      return found(on === "" ? "a folder of this machine" : `on ${on}`)
    }
    if (bound) return yield* notMounted(root, "it is empty, and no disk is mounted there")
    return warning(
      `${root} is empty and on the disk of the system`,
      "If a disk or share is meant to be there, mount it before hx sync init."
    )
  })

const notMounted = (subject: string, detail: string): Effect.Effect<never, Failed<StoreError>> =>
  Effect.fail(
    failedWith(new StoreError({ reason: "NoSuchFolder", operation: "open", subject, detail }), {
      cure: "Mount the disk, then try again."
    })
  )

/** Where disks and shares are mounted by hand or by the desktop. */
const REMOVABLE = ["/mnt", "/media", "/run/media", "/Volumes"]

const isWithin = (path: string, place: string): boolean =>
  path === place || path.startsWith(place.endsWith("/") ? place : `${place}/`)

/** Linux's tables; nothing where there are none. Their second field is the place, with blanks written as \040. */
const readMounts = (): Mounts => ({
  mounted: placesIn("/proc/self/mounts"),
  meant: placesIn("/etc/fstab").filter((place) => place.startsWith("/"))
})

const placesIn = (table: string): ReadonlyArray<string> => {
  try {
    return readFileSync(table, "utf8")
      .split("\n")
      .filter((line) => !/^\s*(#|$)/.test(line))
      .map((line) => unescaped(line.trim().split(/\s+/)[1] ?? ""))
  } catch {
    return []
  }
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Bytes: below the first nothing can be written for long, below the second it is time to make room. */
const NO_ROOM = 16 * 1024 * 1024
const LITTLE_ROOM = 256 * 1024 * 1024

const whichDisk = (root: string): Step =>
  fileSystemOf(root).pipe(
    Effect.option,
    Effect.flatMap((known): Step => {
      if (Option.isNone(known)) return Effect.succeed(found("this system does not tell"))
      const { free, kind = "a file system", network } = known.value
      const detail = `${kind}${network ? ", over the network" : ""}, ${mebibytes(free)} free`
      if (free < NO_ROOM) {
        const error = new StoreError({ reason: "NoSpace", operation: "open", subject: root, detail })
        return Effect.fail(failedWith(error, { cure: "Make room on that disk, then try again." }))
      }
      if (free < LITTLE_ROOM) return Effect.succeed(warning(detail, "Make room on that disk before it is full."))
      return Effect.succeed(found(detail))
    })
  )

const mebibytes = (bytes: number): string => {
  const mib = bytes / 1024 / 1024
  return mib < 10_240 ? `${Math.floor(mib)} MiB` : `${Math.floor(mib / 1024)} GiB`
}

/** What every put relies on: a file and its new name outlive a power failure. */
const movesDurably = (root: string): Step =>
  Effect.suspend(() => {
    const temporary = join(root, `${OWN}-${randomBytes(8).toString("hex")}.tmp`)
    const renamed = join(root, `${OWN}-${randomBytes(8).toString("hex")}.tmp`)
    const forget = (path: string) => Effect.promise(() => unlink(path).catch(() => undefined))
    return attemptOn("put", root, async () => {
      const handle = await open(temporary, "wx", 0o600)
      try {
        await handle.writeFile("hx\n")
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, renamed)
      await lstat(renamed)
    }).pipe(
      Effect.zipRight(
        syncDirectory(dirname(renamed)).pipe(
          Effect.catchAll((error) => attemptOn("put", root, () => Promise.reject(error.cause)))
        )
      ),
      Effect.as(found("files are written and renamed for good")),
      Effect.ensuring(Effect.zipRight(forget(temporary), forget(renamed))),
      Effect.uninterruptible,
      Effect.mapError((error) => failedWith(error))
    )
  })

const locks = (root: string): Step =>
  Effect.scoped(holdLock("put", root)).pipe(
    Effect.as(found("one hx at a time can write")),
    Effect.mapError((error) =>
      failedWith(error, {
        ...(error.reason === "Unsupported"
          ? { cure: "Use a file system with locks, or let only one device write at a time." }
          : {})
      })
    )
  )
