/** What `hx find` does and says. */

import { Effect, Option } from "effect"
import { resolve } from "node:path"
import * as RawText from "../../../domain/RawText.ts"
import { find } from "../../../history/Find.ts"
import { Paths } from "../../../platform/Paths.ts"
import { entryObject, entryTable, shownCommand } from "../../EntryView.ts"
import { layer } from "../../HistoryLayers.ts"
import { boundsOf } from "../../Moments.ts"
import { Output } from "../../Output.ts"
import { UsageError } from "../../UsageError.ts"

export interface FindGiven {
  readonly query: ReadonlyArray<string>
  readonly after: Option.Option<string>
  readonly before: Option.Option<string>
  readonly exit: Option.Option<number>
  readonly cwd: Option.Option<string>
  readonly host: Option.Option<string>
  readonly session: Option.Option<string>
  readonly limit: number
  readonly format: "table" | "command" | "null"
}

export const run = (given: FindGiven) => Effect.provide(findAndTell(given), layer)

const findAndTell = Effect.fnUntraced(function* (given: FindGiven) {
  const output = yield* Output
  const paths = yield* Paths
  yield* check(given, output.json)
  const entries = yield* find({
    query: given.query.join(" "),
    limit: given.limit,
    ...(yield* boundsOf(given)),
    ...known("exit", given.exit),
    ...known(
      "cwd",
      Option.map(given.cwd, (path) => resolve(paths.workingDirectory, path))
    ),
    ...known("host", given.host),
    ...known("session", given.session)
  })
  if (given.format === "null") {
    return yield* output.raw(RawText.toBytes(entries.map((entry) => `${entry.command}\0`).join("")))
  }
  const text =
    given.format === "command"
      ? entries.map((entry) => shownCommand(entry, output)).join("\n")
      : yield* entryTable(entries, paths.home)
  yield* output.result({ entries: entries.map(entryObject) }, () => text)
  if (entries.length === 0 && output.terminal) yield* Effect.logInfo("Nothing found.")
})

const check = (given: FindGiven, json: boolean): Effect.Effect<void, UsageError> => {
  if (given.limit < 0) {
    const hint = "Write a whole number; 0 means all."
    return new UsageError({ what: "Not a number of entries", subject: `--limit ${given.limit}`, hint })
  }
  if (json && given.format !== "table") {
    const subject = `--json --format ${given.format}`
    return new UsageError({ what: "Two formats at once", subject, hint: "Leave one of them out." })
  }
  return Effect.void
}

const known = <K extends string, A>(key: K, value: Option.Option<A>): { readonly [Key in K]?: A } =>
  (Option.isSome(value) ? { [key]: value.value } : {}) as { readonly [Key in K]?: A }
