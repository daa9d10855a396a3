/** Whether a shell's history file has ever been imported: whether any of its first commands is in the history. */

import { Effect, Stream } from "effect"
import { open } from "node:fs/promises"
import type { DbError } from "../db/DbError.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import { userFileError, type UserFileError } from "../platform/UserFile.ts"
import { detectFormat, SAMPLE_SIZE } from "./DetectFormat.ts"
import { parseHistory } from "./Import.ts"

/**
 * False where it holds no commands, too. An id depends on nothing but what stands in the file before it, so the beginning has the same ids as in an
 * import of the whole; only its last command may be cut off.
 */
export const neverImported = Effect.fn("NeverImported.look")(function* (
  path: string,
  host: string
): Effect.fn.Return<boolean, UserFileError | DbError, HistoryDb> {
  const sample = yield* readSample(path)
  const detected = detectFormat(sample, path)
  if (sample.length === 0 || detected.kind === "other") return false
  const db = yield* HistoryDb
  const source = { format: detected.format, device: yield* db.device.id, host, user: null }
  const ids = yield* parseHistory(Stream.make(sample), source).pipe(
    Stream.runFold([] as Array<Parameters<typeof db.history.entries>[0][number]>, (all, { entries }) => [
      ...all,
      ...entries.map(({ id }) => id)
    ])
  )
  const whole = sample.length < SAMPLE_SIZE ? ids : ids.slice(0, -1)
  return whole.length > 0 && (yield* db.history.entries(whole.slice(0, MOST))).length === 0
})

/** Some of them may have been forgotten since. */
const MOST = 500

const readSample = (path: string): Effect.Effect<Uint8Array, UserFileError> =>
  Effect.tryPromise({
    try: async () => {
      const handle = await open(path)
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE_SIZE), 0, SAMPLE_SIZE, 0)
        return new Uint8Array(buffer.subarray(0, bytesRead))
      } finally {
        await handle.close()
      }
    },
    catch: (cause) => userFileError(path, cause)
  })
