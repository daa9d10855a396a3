/** What `hx show` does and says. */

import { Effect } from "effect"
import type { Entry } from "../../../domain/Entry.ts"
import { show } from "../../../history/Show.ts"
import { entryObject } from "../../EntryView.ts"
import { layer } from "../../HistoryLayers.ts"
import { Output } from "../../Output.ts"
import { printable, printableLines } from "../../Printable.ts"
import { table } from "../../Table.ts"
import { durationText, momentText } from "../../Units.ts"

export const run = ({ id }: { readonly id: string }) => Effect.provide(showAndTell(id), layer)

const showAndTell = Effect.fnUntraced(function* (id: string) {
  const output = yield* Output
  const entry = yield* show(id)
  const facts = yield* table([{ title: "" }, { title: "" }], rows(entry))
  yield* output.result(
    { entry: { ...entryObject(entry), device: entry.device } },
    () => `${printableLines(entry.command)}\n\n${facts}`
  )
})

const rows = (entry: Entry): ReadonlyArray<ReadonlyArray<string>> => [
  ["Id", entry.id],
  ["Began", entry.start === null ? UNKNOWN : momentText(entry.start)],
  ["Ran for", entry.duration === null ? UNKNOWN : durationText(entry.duration)],
  ["Exit code", entry.exit === null ? UNKNOWN : String(entry.exit)],
  ["Directory", text(entry.cwd)],
  ["Session", text(entry.session)],
  ["Host", text(entry.host)],
  ["User", text(entry.user)],
  ["Shell", text(entry.shell)],
  ["Origin", printable(entry.origin)],
  ["Device", entry.device]
]

const UNKNOWN = "unknown"

const text = (value: string | null): string => (value === null ? UNKNOWN : printable(value))
