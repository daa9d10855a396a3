/** Entries as rows and back: plain arrays of numbers, with texts as row numbers of the dictionaries. */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { Connection } from "./Connection.ts"
import { textsOf } from "./Dictionary.ts"

/** id (hex), start, duration, exit, command, cwd, session, host, user, shell, origin, device, ordinal. */
export type EntryRow = readonly [
  id: EntryId,
  start: number | null,
  duration: number | null,
  exit: number | null,
  command: number,
  cwd: number | null,
  session: number | null,
  host: number | null,
  user: number | null,
  shell: number | null,
  origin: number,
  device: number,
  ordinal: number | null
]

/** A row that begins with an EntryRow. */
export type RowWithEntry = readonly [...EntryRow, ...ReadonlyArray<unknown>]

/** The columns of an EntryRow, of entries under the alias `e`. */
export const entryColumns = ({ sql }: Connection): Fragment =>
  sql.literal(
    "lower(hex(e.id)), e.start, e.duration, e.exit, e.command, e.cwd, e.session, e.host, e.user, e.shell, e.origin, e.device, e.ordinal"
  )

export interface Numbers {
  readonly commands: ReadonlyMap<string, number>
  readonly terms: ReadonlyMap<string, number>
}

export interface Texts {
  readonly commands: ReadonlyMap<number, string>
  readonly terms: ReadonlyMap<number, string>
}

/** The row of an entry whose texts are all among the numbers. */
export const toRow = (entry: Entry, { commands, terms }: Numbers): EntryRow => {
  const term = (text: string | null) => (text === null ? null : terms.get(text)!)
  return [
    entry.id,
    entry.start,
    entry.duration,
    entry.exit,
    commands.get(entry.command)!,
    term(entry.cwd),
    term(entry.session),
    term(entry.host),
    term(entry.user),
    term(entry.shell),
    terms.get(entry.origin)!,
    terms.get(entry.device)!,
    entry.ordinal
  ]
}

/** The entry of a row, which may go on beyond it; `device` where it is not the row's own. */
export const toEntry = (
  row: RowWithEntry,
  { commands, terms }: Texts,
  device = terms.get(row[11])! as DeviceId
): Entry => {
  const term = (number: number | null) => (number === null ? null : terms.get(number)!)
  return {
    id: row[0],
    start: row[1],
    duration: row[2],
    exit: row[3],
    command: commands.get(row[4])!,
    cwd: term(row[5]),
    session: term(row[6]),
    host: term(row[7]),
    user: term(row[8]),
    shell: term(row[9]),
    origin: terms.get(row[10])!,
    device,
    ordinal: row[12]
  }
}

/** All that rows name, with `more` terms beside, in two look-ups. */
export const textsOfRows = Effect.fnUntraced(function* (
  connection: Connection,
  found: ReadonlyArray<RowWithEntry>,
  more: ReadonlyArray<number> = []
): Effect.fn.Return<Texts, SqlError> {
  const commands = new Set<number>()
  const terms = new Set<number>(more)
  for (const row of found) {
    commands.add(row[4])
    terms.add(row[11])
    for (const term of wordsOfRow(row)) terms.add(term)
  }
  return {
    commands: yield* textsOf(connection, "commands", commands),
    terms: yield* textsOf(connection, "terms", terms)
  }
})

export const entriesOf = (
  connection: Connection,
  found: ReadonlyArray<EntryRow>
): Effect.Effect<ReadonlyArray<Entry>, SqlError> =>
  Effect.map(textsOfRows(connection, found), (texts) => found.map((row) => toEntry(row, texts)))

/** The terms of a row but its device, which is nothing anybody would have forgotten. */
export const wordsOfRow = (row: RowWithEntry): ReadonlyArray<number> => {
  const terms: Array<number> = [row[10]]
  for (let column = 5; column < 10; column++) {
    const term = row[column] as number | null
    if (term !== null) terms.push(term)
  }
  return terms
}

/** Every text of these entries, to be interned. */
export const wordsOf = (
  entries: ReadonlyArray<Entry>
): { readonly commands: Set<string>; readonly terms: Set<string> } => {
  const commands = new Set<string>()
  const terms = new Set<string>()
  for (const entry of entries) {
    commands.add(entry.command)
    terms.add(entry.origin)
    terms.add(entry.device)
    if (entry.cwd !== null) terms.add(entry.cwd)
    if (entry.session !== null) terms.add(entry.session)
    if (entry.host !== null) terms.add(entry.host)
    if (entry.user !== null) terms.add(entry.user)
    if (entry.shell !== null) terms.add(entry.shell)
  }
  return { commands, terms }
}
