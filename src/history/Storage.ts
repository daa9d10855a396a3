/** `hx status --storage`: what the data directory holds, in bytes by kind. */

import { Effect } from "effect"
import { readdirSync, statSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { errno } from "../platform/Errno.ts"

export interface StorageUse {
  readonly kind: StorageKind
  /** Bytes as the files' lengths give them. */
  readonly bytes: number
  readonly files: number
}

export type StorageKind = "database" | "journal" | "spool" | "keys" | "store" | "other"

/** One record for each kind that is there, in the order of StorageKind. Files that go away meanwhile do not count. */
export const storageUse = Effect.fn("Storage.use")((directory: string) =>
  Effect.sync(() => {
    const uses = new Map<StorageKind, StorageUse>()
    for (const [path, bytes] of filesUnder(directory)) {
      const kind = kindOf(relative(directory, path))
      const { bytes: before, files } = uses.get(kind) ?? { bytes: 0, files: 0 }
      uses.set(kind, { kind, bytes: before + bytes, files: files + 1 })
    }
    return KINDS.flatMap((kind) => uses.get(kind) ?? [])
  })
)

const KINDS: ReadonlyArray<StorageKind> = ["database", "journal", "spool", "keys", "store", "other"]

const kindOf = (path: string): StorageKind => {
  const first = path.split(sep)[0] ?? ""
  if (first === "history.db") return "database"
  if (first.startsWith("history.db-")) return "journal"
  if (first.startsWith("spool")) return "spool"
  if (first === "keys" || first === "credentials") return "keys"
  return first === "sync" ? "store" : "other"
}

function* filesUnder(directory: string): Generator<readonly [path: string, bytes: number]> {
  for (const entry of attempt(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesUnder(path)
    else if (entry.isFile()) {
      const stat = attempt(() => statSync(path))
      if (stat !== undefined) yield [path, stat.size]
    }
  }
}

const attempt = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(errno(cause) ?? "")) return undefined
    throw cause
  }
}
