/** What --storage adds to `hx status`: bytes of the data directory by kind, of the database by what they hold, and of the store by device and kind. */

import { Effect, Either, Option } from "effect"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import type { DatabasePart } from "../../../db/TableSizes.ts"
import type { StorageUse } from "../../../history/Storage.ts"
import { StoreError } from "../../../store/StoreError.ts"
import { type Inventory, inventory } from "../../../sync/Inventory.ts"
import type { AnswerError, SyncStatus } from "../../../sync/Status.ts"
import type { Json } from "../../Output.ts"
import { table } from "../../Table.ts"
import { bytesText, counted } from "../../Units.ts"
import { patience } from "../sync/run/Status.ts"
import { inventoryJson } from "../sync/run/StatusJson.ts"
import { wordsOf } from "../sync/run/StatusRows.ts"
import { inventoryText } from "../sync/run/StatusTables.ts"

export interface StorageLook {
  readonly parts: ReadonlyMap<DatabasePart, number>
  /** What the store holds, or why it could not be asked; none where there is no store. */
  readonly store: Option.Option<{
    readonly known: SyncStatus
    readonly holdings: Holdings
  }>
}

export const lookIntoStorage = Effect.fn("Status.storage")(function* (sync: Option.Option<SyncStatus>) {
  const db = yield* HistoryDb
  const parts = yield* db.sizes
  const store = yield* Effect.transposeMapOption(sync, (known) =>
    Effect.map(askStore(known), (holdings) => ({ known, holdings }))
  )
  return { parts, store } satisfies StorageLook as StorageLook
})

const askStore = Effect.fnUntraced(function* (known: SyncStatus) {
  const wait = yield* patience
  return yield* inventory.pipe(
    Effect.timeoutFail({
      duration: wait,
      onTimeout: () => new StoreError({ reason: "TimedOut", operation: "list", subject: known.store })
    }),
    Effect.map((held): Holdings => Either.right(held)),
    Effect.catchTags({ StoreError: silent, PrivateFileError: silent })
  )
})

type Holdings = Either.Either<Inventory, AnswerError>

const silent = (error: AnswerError) => Effect.succeed<Holdings>(Either.left(error))

export const storageText = Effect.fnUntraced(function* (uses: ReadonlyArray<StorageUse>, look: StorageLook) {
  const local = yield* table(COLUMNS, [
    ...uses.map(({ bytes, files, kind }) => [KINDS[kind], counted(files, "file"), bytesText(bytes)]),
    [
      "Together",
      counted(
        total(uses, ({ files }) => files),
        "file"
      ),
      bytesText(total(uses, ({ bytes }) => bytes))
    ]
  ])
  const parts = [...look.parts].filter(([, bytes]) => bytes > 0)
  const database = yield* table(
    [{ title: "In the database" }, { title: "Bytes", align: "right" }],
    [
      ...parts.map(([part, bytes]) => [PARTS[part], bytesText(bytes)]),
      ["Together", bytesText(total(parts, ([, bytes]) => bytes))]
    ]
  )
  const stored = yield* Option.match(look.store, {
    onNone: () => Effect.succeed("No store has been chosen."),
    onSome: ({ holdings, known }) =>
      Either.match(holdings, {
        onLeft: (error) => Effect.succeed(`What the store holds could not be asked: ${wordsOf(error)}`),
        onRight: (held) => Effect.map(inventoryText(known, held), (drawn) => `In the store:\n${drawn}`)
      })
  })
  return [local, database, stored].join("\n\n")
})

export const storageJson = (uses: ReadonlyArray<StorageUse>, look: StorageLook): { readonly [key: string]: Json } => {
  const stored = Option.map(look.store, ({ holdings }) => holdings)
  return {
    storage: uses.map(({ bytes, files, kind }) => ({ kind, files, bytes })),
    tables: Object.fromEntries(look.parts),
    stored: Option.match(stored, {
      onNone: () => null,
      onSome: Either.match({ onLeft: () => null, onRight: inventoryJson })
    }),
    storedError: Option.match(stored, {
      onNone: () => null,
      onSome: Either.match({ onLeft: wordsOf, onRight: () => null })
    })
  }
}

const COLUMNS = [{ title: "" }, { title: "", align: "right" }, { title: "", align: "right" }] as const

const KINDS: Readonly<Record<StorageUse["kind"], string>> = {
  database: "History database",
  journal: "Its journal, written back when hx has time",
  spool: "Commands not taken in yet",
  keys: "Keys and credentials",
  store: "The folder store",
  other: "Other files"
}

const PARTS: Readonly<Record<DatabasePart, string>> = {
  entries: "Entries",
  texts: "Commands, directories and other texts, each once",
  fullText: "Index of words",
  indexes: "Other indexes",
  log: "What this device tells the others",
  forgotten: "What is forgotten",
  sync: "What sync remembers",
  free: "Free pages"
}

const total = <A>(all: ReadonlyArray<A>, of: (each: A) => number): number =>
  all.reduce((sum, each) => sum + of(each), 0)
