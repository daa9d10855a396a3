/**
 * What `hx sync status` says of the error that an earlier run ended with. Sync remembers it by tag and reason, "StoreError.Refused", since words may
 * change; here they become the words and the exit code that were told then.
 */

import { DATABASE, LOCK, PRIVATE_FILE } from "./DeviceWords.ts"
import type { ExitCode } from "./ExitCodes.ts"
import { STORE } from "./StoreWords.ts"
import { ENVELOPE, MANIFEST, SEGMENT, SYNC } from "./SyncWords.ts"

/** What an exit code is about, in one word. */
export type Category =
  | "done"
  | "internal"
  | "usage"
  | "permission"
  | "conflict"
  | "corruption"
  | "network"
  | "archived"
  | "partial"
  | "interrupted"

export interface RememberedError {
  /** The first words of its report: "Connection refused". */
  readonly what: string
  readonly category: Category
  readonly code: ExitCode
}

/** From what SyncState.Activity keeps of it. */
export const rememberedError = ({ tag }: { readonly tag: string }): RememberedError => {
  const [name = "", reason = ""] = tag.split(".")
  const [code, what] = at(REASONS[name], reason) ?? at(SYNC, name) ?? UNKNOWN
  return { what, category: categoryOf(code), code }
}

/** Its message without the reason or the words that it begins with, which are told in words of their own. */
export const rememberedDetail = (error: { readonly tag: string; readonly message: string }): string => {
  const [, reason = ""] = error.tag.split(".")
  const begin = [reason, rememberedError(error).what].find(
    (each) => each !== "" && error.message.startsWith(`${each}: `)
  )
  return begin === undefined ? error.message : error.message.slice(begin.length + 2)
}

export const categoryOf = (code: ExitCode): Category => CATEGORIES[code]

type Told = readonly [code: ExitCode, what: string, ...rest: ReadonlyArray<string>]

const REASONS: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  StoreError: STORE,
  DbError: DATABASE,
  PrivateFileError: PRIVATE_FILE,
  LockError: LOCK,
  EnvelopeError: ENVELOPE,
  ManifestError: MANIFEST,
  // Of vault.json; what is no newer format is among those of SYNC.
  ManifestCorrupt: MANIFEST,
  SegmentError: SEGMENT
}

/** Remembered by another version of hx. */
const UNKNOWN: Told = [1, "Failed"]

const at = (told: Readonly<Record<string, Told>> | undefined, name: string): Told | undefined =>
  told !== undefined && Object.hasOwn(told, name) ? told[name] : undefined

const CATEGORIES: Readonly<Record<ExitCode, Category>> = {
  0: "done",
  1: "internal",
  2: "usage",
  3: "permission",
  4: "conflict",
  5: "corruption",
  6: "network",
  7: "archived",
  8: "partial",
  130: "interrupted"
}
