/** How much of the database file each kind of data takes, by SQLite's dbstat: reads every page once. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Connection, rows, scalar } from "./Connection.ts"

export type DatabasePart = "entries" | "texts" | "fullText" | "indexes" | "log" | "forgotten" | "sync" | "free"

/** Bytes of whole pages; together they are the file, once its journal is written back. */
export const partSizes = Effect.fnUntraced(function* ({
  sql
}: Connection): Effect.fn.Return<ReadonlyMap<DatabasePart, number>, SqlError> {
  const tables = yield* rows<readonly [string, number]>(sql`SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE`)
  const free = (yield* scalar<number>(sql`PRAGMA freelist_count`)) ?? 0
  const page = (yield* scalar<number>(sql`PRAGMA page_size`)) ?? 0
  const sizes = new Map<DatabasePart, number>(PARTS.map((part) => [part, 0]))
  for (const [name, bytes] of [...tables, ["", free * page] as const]) {
    const part = partOf(name)
    sizes.set(part, (sizes.get(part) ?? 0) + bytes)
  }
  return sizes
})

const PARTS: ReadonlyArray<DatabasePart> = [
  "entries",
  "texts",
  "fullText",
  "indexes",
  "log",
  "forgotten",
  "sync",
  "free"
]

/** An index is named after its table and what it is on; tables have no underscore but those named here. */
const partOf = (name: string): DatabasePart => {
  if (name === "") return "free"
  if (name.startsWith("commands_fts")) return "fullText"
  return TABLES[name] ?? (/^(entries|commands|terms|operations)_/.test(name) ? "indexes" : "sync")
}

const TABLES: Readonly<Record<string, DatabasePart>> = {
  entries: "entries",
  captures: "entries",
  pending_finishes: "entries",
  commands: "texts",
  terms: "texts",
  loose_terms: "texts",
  operations: "log",
  purged_operations: "log",
  chain_blocks: "log",
  forgotten_ids: "forgotten",
  forgotten_twins: "forgotten",
  forget_windows: "forgotten"
}
