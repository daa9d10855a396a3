/** The code of a system error ("ENOENT"), or of an error that a library models on them; undefined where there is none. */
export const errno = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
