/** The exit codes, and under each the first words of its messages, from the tables that the messages come from. */

import { DATABASE, LOCK, PRIVATE_FILE, USER_FILE } from "../DeviceWords.ts"
import { EXIT_CODES, type ExitCode } from "../ExitCodes.ts"
import { STORE } from "../StoreWords.ts"
import { ENVELOPE, MANIFEST, SEGMENT, SYNC } from "../SyncWords.ts"
import type { Block, Topic } from "./Topic.ts"

type Told = readonly [code: ExitCode, what: string, ...ReadonlyArray<unknown>]

const TOLD: ReadonlyArray<Told> = [
  ...[STORE, DATABASE, PRIVATE_FILE, USER_FILE, LOCK, SYNC, ENVELOPE, MANIFEST, SEGMENT].flatMap(
    (table): ReadonlyArray<Told> => Object.values(table)
  ),
  [2, "No such command"],
  [2, "No such option"],
  [2, "A setting has a value that it cannot have"],
  [2, "The configuration file cannot be used"],
  [130, "Interrupted"]
]

const messagesOf = (code: ExitCode): ReadonlyArray<string> =>
  [...new Set(TOLD.filter(([known]) => known === code).map(([, what]) => what))].toSorted()

const messages = EXIT_CODES.flatMap(([code, meaning]): ReadonlyArray<Block> => {
  const found = messagesOf(code)
  return found.length === 0 ? [] : [{ heading: `${code}: ${meaning}` }, { lines: found }]
})

export const exitCodes: Topic = {
  title: "Exit codes",
  blocks: [
    { rows: EXIT_CODES.map(([code, meaning]) => [String(code), meaning] as const) },
    "What went wrong is told on standard error, in three lines: what happened, to what, what to do next. These are first lines:",
    ...messages
  ]
}
