/** Entries and databases for tests. */

import { Effect, Layer, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DbError } from "../../src/db/DbError.ts"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { importedId, liveId } from "../../src/domain/EntryId.ts"
import { Entropy } from "../../src/platform/Entropy.ts"

/** 2023-11-14T22:13:20Z, in µs. */
export const T0 = 1_700_000_000_000_000
export const SECOND = 1_000_000

export const A = "a".repeat(32) as DeviceId
export const B = "b".repeat(32) as DeviceId

export const live = (command: string, start: number, more: Partial<Entry> = {}): Entry => ({
  id: liveId(more.session ?? "s", more.ordinal ?? 0, start, command),
  start,
  duration: null,
  exit: null,
  command,
  cwd: null,
  session: "s",
  host: "laptop",
  user: null,
  shell: "zsh",
  origin: "live",
  device: A,
  ordinal: 0,
  ...more
})

export const imported = (command: string, start: number | null, more: Partial<Entry> = {}): Entry => ({
  id: importedId(start, command, more.ordinal ?? 0),
  start,
  duration: null,
  exit: null,
  command,
  cwd: null,
  session: null,
  host: "laptop",
  user: null,
  shell: "zsh",
  origin: "import:zsh",
  device: A,
  ordinal: 0,
  ...more
})

export const memory = Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded("test"))

export const file = (path: string): Layer.Layer<HistoryDb, DbError> =>
  Layer.provide(HistoryDb.layer(path), Entropy.layerSeeded("test"))

/** A directory that is gone when the scope closes. */
export const temporaryDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-db-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
