/**
 * What init and check write to try a store is noted here before it is sent, and struck out when it is deleted: so what a killed run left is known
 * without asking the store for it, and goes with a later init, check or push there. As long as nothing was left, that costs no request.
 */

import { Duration, Effect, Option, Schema } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { nowMicros } from "./SyncClock.ts"
import { document } from "./SyncState.ts"

const Note = Schema.Struct({
  /** As formatLocation gives it. */
  location: Schema.String,
  name: Schema.String,
  /** µs since 1970: by then whoever wrote it has ended, so that it may be deleted. */
  leftAt: Schema.Int
})
type Note = typeof Note.Type

const notes = document("sync.probes", Schema.Array(Note))

const all = Effect.map(
  notes.get,
  Option.getOrElse((): ReadonlyArray<Note> => [])
)

/** More than anybody leaves behind; the oldest are forgotten first. */
const MAX_NOTES = 64

/** Two runs that hold no lock may be under way at once, and neither takes so long. */
export const WITHOUT_LOCK = Duration.hours(1)

/** `lasts`: how long its writer may be at work when another run looks; zero under the device lock. */
export const noteProbes = Effect.fn("ProbeNotes.note")(function* (
  location: string,
  names: ReadonlyArray<string>,
  lasts: Duration.Duration
) {
  const leftAt = (yield* nowMicros) + Duration.toMillis(lasts) * 1000
  const made = names.map((name): Note => ({ location, name, leftAt }))
  yield* change((known) => [...known, ...made].slice(-MAX_NOTES))
})

export const strikeProbes = Effect.fn("ProbeNotes.strike")((location: string, names: ReadonlySet<string>) =>
  change((known) => known.filter((note) => note.location !== location || !names.has(note.name)))
)

/** Deletes what was left at this store. What cannot be deleted now is tried again; what may not be is left to itself. */
export const sweepProbes = Effect.fn("ProbeNotes.sweep")(function* (location: string, store: ObjectStoreService) {
  const now = yield* nowMicros
  const farthest = now + Duration.toMillis(WITHOUT_LOCK) * 1000
  // A time further away than any that is noted was noted by a clock that was wrong.
  const isLeft = (note: Note) => note.location === location && (note.leftAt <= now || note.leftAt > farthest)
  const left = (yield* all).filter(isLeft)
  if (left.length === 0) return
  const gone = yield* Effect.filter(left, ({ name }) => isDoneWith(store.delete(name)))
  yield* strikeProbes(location, new Set(gone.map(({ name }) => name)))
})

/** Whether there is nothing more to be done about it. */
export const isDoneWith = (deletion: Effect.Effect<unknown, StoreError>) =>
  deletion.pipe(
    Effect.as(true),
    Effect.catchTag("StoreError", ({ reason }) => Effect.succeed(reason === "AccessDenied"))
  )

const change = (to: (known: ReadonlyArray<Note>) => ReadonlyArray<Note>) =>
  Effect.flatMap(HistoryDb, (db) => db.transaction(Effect.flatMap(all, (known) => notes.put(to(known)))))
