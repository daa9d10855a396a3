import { Effect } from "effect"
import type { FileHandle } from "node:fs/promises"

/** Closes a file. What failed by then failed to be read, written or synced, and was told; an error of closing says nothing more. */
export const closeFile = (handle: FileHandle): Effect.Effect<void> =>
  Effect.promise(() => handle.close().catch(() => undefined))
