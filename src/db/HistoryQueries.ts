/** What can be asked of the history. Shadowed entries show up nowhere but where it says so; forgotten ones are not there. */

import type { Effect, Option } from "effect"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetWindow } from "../domain/ForgetRule.ts"
import type { DbError } from "./DbError.ts"

export interface HistoryQueries {
  /** Newest first; undated entries after all others, the ones taken in last first. */
  readonly find: (query: FindQuery) => Effect.Effect<ReadonlyArray<Entry>, DbError>
  /** How many entries there are, and of what kind. */
  readonly summary: Effect.Effect<Summary, DbError>
  /** The session of the newest entry that has one; sessions named in `except` do not count. */
  readonly newestSession: (except: ReadonlyArray<string>) => Effect.Effect<Option.Option<string>, DbError>
  /** A session's entries, oldest first, `limit` of the newest at most. */
  readonly session: (session: string, limit: number) => Effect.Effect<ReadonlyArray<Entry>, DbError>
  /** Entries whose id begins with these hex digits, shadowed ones too, in the order of ids. */
  readonly withPrefix: (prefix: string, limit: number) => Effect.Effect<ReadonlyArray<Entry>, DbError>
  /** One page of all entries: undated ones first, as they were taken in, then by time. Give the last page's cursor to go on. */
  readonly page: (request: PageRequest) => Effect.Effect<Page, DbError>
  /** Those of these entries that are here, shadowed ones too. */
  readonly entries: (
    ids: ReadonlyArray<EntryId>
  ) => Effect.Effect<ReadonlyArray<{ readonly entry: Entry; readonly shadowed: boolean }>, DbError>
  /** Ids of the imported entries that stand within a second of one of these live entries, with its command: shadowed, most of them. */
  readonly twinsOf: (ids: ReadonlyArray<EntryId>) => Effect.Effect<ReadonlyArray<EntryId>, DbError>
  /** Ids of the entries that a window would cover: see ForgetRule.windowCovers. */
  readonly underWindow: (window: ForgetWindow) => Effect.Effect<ReadonlyArray<EntryId>, DbError>
  /** How many entries are shadowed. */
  readonly shadowed: Effect.Effect<number, DbError>
  readonly counts: (request: CountRequest) => Effect.Effect<Counts, DbError>
}

export interface Filters {
  /** µs since 1970: from this moment on. Undated entries have no moment, and so pass neither this nor `before`. */
  readonly after?: number
  /** µs since 1970: up to this moment, without it. */
  readonly before?: number
  readonly exit?: number
  /** Exactly this directory. */
  readonly cwd?: string
  readonly host?: string
  readonly session?: string
}

export interface FindQuery extends Filters {
  /** Each has to be part of the command, upper or lower case; none: every entry. */
  readonly words: ReadonlyArray<string>
  /** Infinity for all. */
  readonly limit: number
}

export interface PageRequest extends Pick<Filters, "after" | "before"> {
  readonly cursor: PageCursor | null
  readonly limit: number
}

/** Where a page ended. */
export interface PageCursor {
  readonly start: number | null
  readonly seq: number
}

export interface Page {
  readonly entries: ReadonlyArray<Entry>
  /** Null: there is no further page. */
  readonly next: PageCursor | null
}

export interface Summary {
  /** What is visible. */
  readonly entries: number
  readonly shadowed: number
  /** Different commands among what is visible. */
  readonly commands: number
  /** Starts of the oldest and the newest dated entry, µs since 1970. */
  readonly first: number | null
  readonly last: number | null
}

/** Which entries to count, and what to make of them. */
export interface CountRequest extends Omit<Filters, "exit"> {
  /** µs since 1970: what ran from this moment on is recent. */
  readonly recent: number
  /** How many of the entries that ran longest to give. */
  readonly longest: number
  /** Hears of every different command, in no order. */
  readonly command: (text: string, counts: CommandCounts) => void
}

export interface CommandCounts {
  readonly runs: number
  /** Of the runs, those whose exit code is known; of these, those where it is not 0. */
  readonly finished: number
  readonly failed: number
  readonly recent: number
}

/** What statistics are made of: visible entries, counted. */
export interface Counts extends Summary {
  /** Entries that do not say when they began. */
  readonly undated: number
  readonly finished: number
  readonly failed: number
  readonly hosts: Tally
  readonly shells: Tally
  /** Without the entries whose directory is unknown. */
  readonly directories: Tally
  /** How many began in which quarter of an hour, in quarters since 1970 UTC: local time zones differ by no less. */
  readonly quarters: ReadonlyMap<number, number>
  /** Longest first; of equals the one taken in first. */
  readonly longest: ReadonlyArray<Entry>
}

/** Most first; null is unknown. */
export type Tally = ReadonlyArray<readonly [value: string | null, count: number]>
