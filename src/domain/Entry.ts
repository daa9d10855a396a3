/**
 * An entry is one command that ran.
 *
 * Entries are plain objects: a million of them pass through the codecs and the database in seconds, so nothing here decodes
 * or validates; what comes from outside is checked where it comes in (importers, format).
 */

import type { DeviceId } from "./Device.ts"
import type { EntryId } from "./EntryId.ts"

export interface Entry {
  readonly id: EntryId
  /** When it started: integer microseconds since 1970 UTC, or null where the source did not say. */
  readonly start: number | null
  /** How long it ran, in integer microseconds; null while unknown. */
  readonly duration: number | null
  /** Exit status of the shell's last pipeline element; null while unknown. */
  readonly exit: number | null
  /** What was typed, as RawText, without the final newline. */
  readonly command: string
  readonly cwd: string | null
  readonly session: string | null
  readonly host: string | null
  readonly user: string | null
  readonly shell: string | null
  /** "live" when the hook captured it, "import:<source>" when a history file gave it (import:zsh, import:bash, import:fish, …). */
  readonly origin: string
  /** The device that captured it. */
  readonly device: DeviceId
  /**
   * The number that went into the id beside the fields above: a live entry's counter in its session, an imported one's ordinal
   * among equal pairs of time and command. Null where the id cannot be derived from the body again (redacted, or given from outside).
   */
  readonly ordinal: number | null
}

export const LIVE = "live"

export const isLive = (entry: Pick<Entry, "origin">): boolean => entry.origin === LIVE

/** The fields that two bodies under one id may know differently. */
export const MERGED_FIELDS = [
  "start",
  "duration",
  "exit",
  "command",
  "cwd",
  "session",
  "host",
  "user",
  "shell",
  "origin",
  "device",
  "ordinal"
] as const satisfies ReadonlyArray<keyof Entry>

/**
 * Two bodies under one id become one, field by field: known beats unknown, else the smaller wins (text by its UTF-8 bytes,
 * numbers by value). The result does not depend on order, and merging again changes nothing: this is a join of a semilattice.
 */
export const merge = (a: Entry, b: Entry): Entry => {
  const command = smaller(a.command, b.command)
  const start = smaller(a.start, b.start)
  const session = smaller(a.session, b.session)
  return {
    id: a.id,
    start,
    duration: smaller(a.duration, b.duration),
    exit: smaller(a.exit, b.exit),
    command,
    cwd: smaller(a.cwd, b.cwd),
    session,
    host: smaller(a.host, b.host),
    user: smaller(a.user, b.user),
    shell: smaller(a.shell, b.shell),
    origin: smaller(a.origin, b.origin),
    device: smaller(a.device, b.device),
    ordinal: smaller(a.ordinal, b.ordinal)
  }
}

/** Known beats unknown; between two known values the smaller one. */
export const smaller = <A extends string | number | null>(a: A, b: A): A => {
  if (a === null) return b
  if (b === null || a === b) return a
  if (typeof a === "number" && typeof b === "number") return a < b ? a : b
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b))) <= 0 ? a : b
}
