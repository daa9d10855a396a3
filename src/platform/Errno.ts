import { constants } from "node:os"

/** The code of a system error ("ENOENT"), or of an error that a library models on them; undefined where there is none. */
export const errno = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  // The one that matters of those for which libuv has no name: its code is "Unknown system error -122".
  if ("errno" in cause && cause.errno === -constants.errno.EDQUOT) return "EDQUOT"
  return "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}
