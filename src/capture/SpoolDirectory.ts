/**
 * The directory that shells write into, and how what they wrote is taken out of it without a moment at which anything could be lost.
 *
 *     <session>.spool            a shell appends to it, opening it anew for each record
 *     <session>.<time>.taken     the same, renamed: the shell's next record begins another <session>.spool
 *     <session>.spool.line       bash's way of reading what a builtin prints; empty but for an instant
 *     quarantine/                what made no sense, for a person to look at; 4 MiB at most
 *
 * A shell may have opened a file before it was renamed, and write to it after. So a taken file is neither shortened nor removed when it has been read:
 * what was read is overwritten with NULs, which leaves nothing of the commands and says nothing to the next reader, and the file goes a minute
 * later, if by then it holds nothing else.
 */

import { Clock, Effect } from "effect"
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { errno } from "../platform/Errno.ts"
import { makePrivateDirectory } from "../platform/PrivateFile.ts"
import { userFileError, type UserFileError } from "../platform/UserFile.ts"

export interface TakenFile {
  readonly path: string
  readonly session: string
  /** Whether nobody can be about to write more: nothing was written for a minute. */
  readonly settled: boolean
}

/** For so long, in ms, a shell may hold a file that was renamed under it. */
const SETTLED_AFTER = 60_000

const QUARANTINE_BYTES = 4 * 1024 * 1024

/** Whether there is anything to do, or somebody is at it: one look at the directory, and at the end of each file that was taken. */
export const isWaiting = (spool: string, now: number): boolean =>
  namesIn(spool).some((name) => {
    if (isSpool(name)) return true
    const path = join(spool, name)
    return isTaken(name) && (isSettled(path, now) || !isWiped(path))
  })

/** Takes all that shells have written so far, and what an earlier run took and did not finish. */
export const takeAll = Effect.fn("SpoolDirectory.takeAll")(function* (spool: string) {
  const now = yield* Clock.currentTimeMillis
  return yield* attempt(spool, () => {
    for (const name of namesIn(spool).filter(isSpool)) {
      renameSync(join(spool, name), join(spool, `${sessionOf(name)}.${now}.taken`))
    }
    return namesIn(spool)
      .filter(isTaken)
      .sort()
      .map((name): TakenFile => {
        const path = join(spool, name)
        return { path, session: sessionOf(name), settled: isSettled(path, now) }
      })
  })
})

/** The file's bytes from a place on, at most so many; none at its end. */
export const readPiece = (path: string, from: number, most: number) =>
  attempt(path, () =>
    withFile(path, "r", (file) => {
      const piece = Buffer.allocUnsafe(most)
      return piece.subarray(0, readSync(file, piece, 0, most, from))
    })
  )

/** Leaves NULs in the place of what was taken in. */
export const wipe = (path: string, from: number, to: number) =>
  attempt(path, () =>
    withFile(path, "r+", (file) => {
      const nothing = Buffer.alloc(Math.min(to - from, 1024 * 1024))
      for (let at = from; at < to;) at += writeSync(file, nothing, 0, Math.min(nothing.length, to - at), at)
      fsyncSync(file)
    })
  )

export const remove = (path: string) => attempt(path, () => unlinkSync(path))

/** Puts aside what cannot be read. The oldest of it goes where there is no room. */
export const quarantine = Effect.fn("SpoolDirectory.quarantine")(function* (
  spool: string,
  name: string,
  bytes: Uint8Array
) {
  const directory = join(spool, "quarantine")
  yield* makePrivateDirectory(directory)
  yield* attempt(directory, () => {
    const kept = bytes.subarray(0, QUARANTINE_BYTES)
    const files = filesIn(directory).sort((a, b) => a.changed - b.changed)
    let room = QUARANTINE_BYTES - kept.length - files.reduce((sum, { size }) => sum + size, 0)
    for (const { path, size } of files) {
      if (room >= 0) break
      unlinkSync(path)
      room += size
    }
    const path = join(directory, name)
    const file = openSync(path, "w", 0o600)
    try {
      for (let at = 0; at < kept.length;) at += writeSync(file, kept, at)
    } finally {
      closeSync(file)
    }
  })
})

/** Bash's files of shells that are gone. */
export const removeLeftLines = (spool: string) =>
  attempt(spool, () => {
    for (const name of namesIn(spool).filter((each) => each.endsWith(".spool.line"))) {
      if (isGone(sessionOf(name))) unlinkSync(join(spool, name))
    }
  })

export interface SpoolState {
  /** Files with something in them that is yet to be taken in, and their bytes. */
  readonly files: number
  readonly bytes: number
  /** Pieces put aside. */
  readonly quarantined: number
}

export const spoolState = (spool: string): SpoolState => {
  const waiting = filesIn(spool).filter(({ name }) => isSpool(name))
  return {
    files: waiting.length,
    bytes: waiting.reduce((sum, { size }) => sum + size, 0),
    quarantined: namesIn(join(spool, "quarantine")).length
  }
}

const isSpool = (name: string): boolean => name.endsWith(".spool")
const isTaken = (name: string): boolean => name.endsWith(".taken")

const sessionOf = (name: string): string => name.slice(0, name.indexOf("."))

/** The second part of a session is the number of its process. */
const isGone = (session: string): boolean => {
  const pid = Number(session.split("-")[1])
  if (!Number.isSafeInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return errno(cause) === "ESRCH"
  }
}

const isSettled = (path: string, now: number): boolean => {
  try {
    return now - statSync(path).mtimeMs > SETTLED_AFTER
  } catch {
    return false
  }
}

/** Files are wiped from their beginning on, after what was read is in the database: so their last bytes tell. */
const isWiped = (path: string): boolean => {
  try {
    return withFile(path, "r", (file) => {
      const end = Buffer.alloc(16)
      const from = Math.max(0, fstatSync(file).size - end.length)
      return end.subarray(0, readSync(file, end, 0, end.length, from)).every((byte) => byte === 0 || byte === LF)
    })
  } catch {
    // Somebody has just removed it.
    return true
  }
}

const LF = 0x0a

/** None where there is no directory: no shell has been here. */
const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory)
  } catch (cause) {
    if (errno(cause) === "ENOENT") return []
    throw cause
  }
}

const filesIn = (directory: string) =>
  namesIn(directory).flatMap((name) => {
    const path = join(directory, name)
    const found = statSync(path, { throwIfNoEntry: false })
    return found?.isFile() === true ? [{ name, path, size: found.size, changed: found.mtimeMs }] : []
  })

const withFile = <A>(path: string, flags: string, use: (file: number) => A): A => {
  const file = openSync(path, flags)
  try {
    return use(file)
  } finally {
    closeSync(file)
  }
}

const attempt = <A>(path: string, action: () => A): Effect.Effect<A, UserFileError> =>
  Effect.try({ try: action, catch: (cause) => userFileError(path, cause) })
