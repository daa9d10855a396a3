/** What a file system's refusals mean to a store. */

import { Effect } from "effect"
import { errno } from "../platform/Errno.ts"
import type { LockError } from "../platform/FileLock.ts"
import { StoreError, type StoreErrorReason } from "./StoreError.ts"

/** One call of the file system on behalf of an operation on this path. */
export const attemptOn = <A>(
  operation: StoreError["operation"],
  path: string,
  run: () => Promise<A>
): Effect.Effect<A, StoreError> => Effect.tryPromise({ try: run, catch: (cause) => fromSystem(operation, path, cause) })

export const fromLock = (operation: StoreError["operation"], error: LockError): StoreError => {
  const subject = error.path
  switch (error.reason) {
    case "Busy":
      return new StoreError({
        reason: "Throttled",
        operation,
        subject,
        detail: "another hx is writing there",
        cause: error
      })
    case "Denied":
      return new StoreError({
        reason: "AccessDenied",
        operation,
        subject,
        detail: "the lock cannot be taken",
        cause: error
      })
    case "NoSpace":
      return new StoreError({ reason: "NoSpace", operation, subject, detail: "no space left", cause: error })
    case "Failing":
      return new StoreError({ reason: "ServerFailure", operation, subject, detail: "the disk fails", cause: error })
    case "Unsupported":
      return new StoreError({
        reason: "Unsupported",
        operation,
        subject,
        detail: "this file system has no locks",
        cause: error
      })
  }
}

const fromSystem = (operation: StoreError["operation"], subject: string, cause: unknown): StoreError => {
  const code = errno(cause)
  const [reason, detail] = REASONS[code ?? ""] ?? (["ServerFailure", code ?? "unknown failure"] as const)
  return new StoreError({ reason, operation, subject, ...(detail === undefined ? {} : { detail }), cause })
}

const REASONS: Readonly<Record<string, readonly [reason: StoreErrorReason, detail?: string]>> = {
  ENOENT: ["Absent"],
  EEXIST: ["AlreadyExists"],
  EACCES: ["AccessDenied", "permission denied"],
  EPERM: ["AccessDenied", "not permitted"],
  EROFS: ["AccessDenied", "the file system is mounted read-only"],
  ENOSPC: ["NoSpace", "no space left"],
  EDQUOT: ["NoSpace", "the quota is used up"],
  EFBIG: ["NoSpace", "larger than files may be here"],
  ELOOP: ["NotAStore", "a symbolic link, which is not followed"],
  ENOTDIR: ["NotAStore", "a file stands where a folder should"],
  EISDIR: ["NotAStore", "a folder stands where a file should"],
  ENAMETOOLONG: ["Misconfigured", "the path is too long"],
  EMFILE: ["Throttled", "too many open files"],
  ENFILE: ["Throttled", "too many open files"],
  ESTALE: ["ConnectionLost", "the network file system went away"],
  ETIMEDOUT: ["TimedOut", "the network file system does not answer"],
  EHOSTDOWN: ["Unreachable", "the network file system is gone"],
  EIO: ["ServerFailure", "the disk reports an error"]
}
