/**
 * A stretch of this device's log, column by column: each column comes out of SQLite as one JSON array. A row at a time, with 17 values to carry over for
 * each operation, takes three times as long, and this is done for every entry of a history.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { OperationIdentity } from "../domain/Operation.ts"
import { type Connection, rows } from "./Connection.ts"
import { textsOf } from "./Dictionary.ts"
import type { Texts } from "./EntryRows.ts"
import { KIND } from "./Schema.ts"

type Column<A> = ReadonlyArray<A>

/** One value for each operation; what only entries have is null for others. */
export interface LogColumns {
  readonly kind: Column<number>
  /** The device that captured the entry, where it is not this one. */
  readonly told: Column<number | null>
  readonly body: Column<string | null>
  /** Ids of entries, identities of other operations: 32 hexadecimal digits each. */
  readonly ids: string
  readonly start: Column<number | null>
  readonly duration: Column<number | null>
  readonly exit: Column<number | null>
  readonly command: Column<number | null>
  readonly cwd: Column<number | null>
  readonly session: Column<number | null>
  readonly host: Column<number | null>
  readonly user: Column<number | null>
  readonly shell: Column<number | null>
  readonly origin: Column<number | null>
  readonly ordinal: Column<number | null>
}

const ENTRY_COLUMNS = [
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
  "ordinal"
] as const

/** At most `limit` operations from `first` on. */
export const readColumns = Effect.fnUntraced(function* (
  { sql }: Connection,
  first: number,
  limit: number
): Effect.fn.Return<LogColumns, SqlError> {
  const arrays = sql.literal(ENTRY_COLUMNS.map((column) => `json_group_array(e.${column})`).join(", "))
  const [found] = yield* rows<ReadonlyArray<string>>(sql`
    SELECT json_group_array(o.kind), json_group_array(o.device), json_group_array(o.body),
      lower(group_concat(hex(coalesce(o.identity, e.id)), '')), ${arrays}
    FROM (SELECT * FROM operations WHERE number >= ${first} ORDER BY number LIMIT ${limit}) o
    LEFT JOIN entries e ON e.seq = o.entry AND o.kind = ${KIND.add}`)
  const [kind = "[]", told = "[]", body = "[]", ids, ...others] = found ?? []
  const entries = Object.fromEntries(ENTRY_COLUMNS.map((column, index) => [column, JSON.parse(others[index] ?? "[]")]))
  return {
    kind: JSON.parse(kind) as Column<number>,
    told: JSON.parse(told) as Column<number | null>,
    body: JSON.parse(body) as Column<string | null>,
    ids: ids ?? "",
    ...(entries as Pick<LogColumns, (typeof ENTRY_COLUMNS)[number]>)
  }
})

/** All texts that the columns name, in two look-ups. */
export const textsOfColumns = Effect.fnUntraced(function* (
  connection: Connection,
  columns: LogColumns
): Effect.fn.Return<Texts, SqlError> {
  const { command, cwd, host, origin, session, shell, told, user } = columns
  return {
    commands: yield* textsOf(connection, "commands", numbersIn([command])),
    terms: yield* textsOf(connection, "terms", numbersIn([cwd, session, host, user, shell, origin, told]))
  }
})

/** The entry of an operation that adds one. */
export const entryAt = (columns: LogColumns, index: number, { commands, terms }: Texts, device: DeviceId): Entry => {
  const term = (column: Column<number | null>): string | null => {
    const number = column[index] ?? null
    return number === null ? null : terms.get(number)!
  }
  return {
    id: idAt(columns, index),
    start: columns.start[index] ?? null,
    duration: columns.duration[index] ?? null,
    exit: columns.exit[index] ?? null,
    command: commands.get(columns.command[index]!)!,
    cwd: term(columns.cwd),
    session: term(columns.session),
    host: term(columns.host),
    user: term(columns.user),
    shell: term(columns.shell),
    origin: term(columns.origin)!,
    device,
    ordinal: columns.ordinal[index] ?? null
  }
}

export const idAt = ({ ids }: LogColumns, index: number): EntryId & OperationIdentity =>
  ids.slice(32 * index, 32 * (index + 1)) as EntryId & OperationIdentity

export const deviceOf = (number: number, { terms }: Texts): DeviceId => terms.get(number)! as DeviceId

const numbersIn = (columns: ReadonlyArray<Column<number | null>>): ReadonlySet<number> => {
  const numbers = new Set<number>()
  for (const column of columns) for (const number of column) if (number !== null) numbers.add(number)
  return numbers
}
