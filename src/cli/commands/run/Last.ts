/** What `hx last` does and says. */

import { Effect } from "effect"
import { last, type Last } from "../../../history/Last.ts"
import { Paths } from "../../../platform/Paths.ts"
import { entryObject, entryTable } from "../../EntryView.ts"
import { layer } from "../../HistoryLayers.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { counted, momentText } from "../../Units.ts"

export const run = () => Effect.provide(lastAndTell, layer)

const lastAndTell = Effect.gen(function* () {
  const output = yield* Output
  const { home } = yield* Paths
  const found = yield* last(null)
  const text = `${heading(found)}\n\n${yield* entryTable(found.entries, home)}`
  yield* output.result(
    { session: found.session, entries: found.entries.map(entryObject), failed: found.failures.length },
    () =>
      found.entries.length === 0 ? "Nothing is recorded yet. To begin with the history of your shells: hx import" : text
  )
})

const heading = ({ entries, failures, session }: Last): string => {
  const [first] = entries
  if (session === null) return `No session is recorded yet; the newest ${counted(entries.length, "entry", "entries")}:`
  const where = first?.host == null ? "" : ` on ${printable(first.host)}`
  const since = first?.start == null ? "" : ` from ${momentText(first.start)}`
  return `Session ${printable(session)}${where}${since}: ${counted(entries.length, "command")}, ${failures.length} failed`
}
