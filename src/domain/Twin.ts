/**
 * A command captured live may stand in the shell's own history file too, with a time of whole seconds and no session: its twin.
 *
 * - While both exist, the imported one is shadowed: not shown, not counted, not exported. It is shadowed when a live entry with the same
 *   command and host starts within one second of it; that is a function of the set of entries, not of their order of arrival.
 * - When the live one is forgotten, its twin has to stay forgotten too, even if the file is imported years later. So a forget rule carries
 *   twin keys: for each forgotten entry, one key per second at which a twin may stand.
 *
 * - A history file may not say when anything ran (bash's does not, unless told to). Which run a line of it stands for nobody can tell, so only a
 *   rule that means a command at whatever time it ran (a text was forgotten, not one run) carries a key for it: with the second left empty.
 *
 * A twin key is the first 128 bits of SHA-256 over the tag "hx.twin.1", the second and the command, as length-prefixed fields (EntryId.ts).
 * It needs no vault key: the rule names the entry's id, a hash of the same facts, anyway; and without a key rules survive a change of vault.
 */

import { type Entry, isLive } from "./Entry.ts"
import { digest, field } from "./EntryId.ts"

/** 128 bits as 32 lowercase hex digits. */
export type TwinKey = string

/** How far a twin's start may be from the live entry's, in µs. */
export const TWIN_TOLERANCE = 1_000_000

const SECOND = 1_000_000

export const twinKey = (second: number, command: string): TwinKey =>
  digest(field("hx.twin.1") + field(String(second)) + field(command))

/** The key of every imported entry of this command that has no time. */
export const undatedTwinKey = (command: string): TwinKey => digest(field("hx.twin.1") + field("") + field(command))

/** The keys a rule carries for a forgotten entry: every second at which an imported twin of it may stand. Undated entries have none. */
export const twinKeysOf = (entry: Pick<Entry, "start" | "command" | "origin">): ReadonlyArray<TwinKey> => {
  if (entry.start === null) return []
  const second = Math.floor(entry.start / SECOND)
  if (!isLive(entry)) return [twinKey(second, entry.command)]
  const seconds = entry.start % SECOND === 0 ? [second - 1, second, second + 1] : [second, second + 1]
  return seconds.map((each) => twinKey(each, entry.command))
}

/** The key under which an imported entry is looked up among those of the rules; null for a live one, which is nobody's twin. */
export const ownTwinKey = ({ command, origin, start }: Pick<Entry, "start" | "command" | "origin">): TwinKey | null => {
  if (isLive({ origin })) return null
  return start === null ? undatedTwinKey(command) : twinKey(Math.floor(start / SECOND), command)
}
