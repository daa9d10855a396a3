/** Standard input as a whole: where secrets come in that in a command line would stand in the shell's own history. */

import { Effect } from "effect"
import { Stdio } from "../platform/Stdio.ts"
import { userFileError } from "../platform/UserFile.ts"

/** Stands for standard input where a value is wanted. */
export const INPUT = "-"

/** All of it; of what has more than `most` bytes (devices and pipes can be endless) so much that its length tells. */
export const wholeInput = Effect.fnUntraced(function* (most: number) {
  const stdio = yield* Stdio
  return yield* Effect.tryPromise({
    try: async () => {
      const chunks: Array<Uint8Array> = []
      let length = 0
      for await (const chunk of stdio.input()) {
        chunks.push(chunk)
        length += chunk.length
        if (length > most) break
      }
      return Buffer.concat(chunks)
    },
    catch: (cause) => userFileError("standard input", cause)
  })
})
