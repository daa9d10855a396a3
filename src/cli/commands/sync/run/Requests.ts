/** What `--verbose` adds to push and pull: every request that was made, in the order in which they ended. */

import { Effect } from "effect"
import { RequestLog, type RequestRecord } from "../../../../store/RequestLog.ts"
import { Output, type Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { table } from "../../../Table.ts"
import { bytesText, counted, countText } from "../../../Units.ts"

/** The requests made so far, for people and for programs; nothing where they were not asked for. */
export const requestsMade = Effect.fn("Requests.made")(function* (verbose: boolean) {
  if (!verbose) return NOT_ASKED
  const records = yield* Effect.flatMap(RequestLog, (log) => log.records)
  return { json: { requests: records.map(toJson) }, lines: yield* linesOf(records) } satisfies Requests as Requests
})

/** A command that fails has made requests too, and they may tell why. With --json there is no object to put them in. */
export const tellingRequests =
  (verbose: boolean) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.tapErrorCause(effect, () =>
      Effect.gen(function* () {
        const output = yield* Output
        const records = yield* Effect.flatMap(RequestLog, (log) => log.records)
        if (!verbose || output.json || records.length === 0) return
        const [, ...lines] = yield* linesOf(records)
        yield* output.result({}, () => lines.join("\n"))
      })
    )

export interface Requests {
  readonly json: { readonly [key: string]: Json }
  readonly lines: ReadonlyArray<string>
}

const NOT_ASKED: Requests = { json: {}, lines: [] }

const toJson = (record: RequestRecord): Json => ({
  operation: record.operation,
  name: record.name,
  sent: record.sent,
  received: record.received,
  milliseconds: record.millis,
  outcome: record.outcome
})

const linesOf = Effect.fnUntraced(function* (records: ReadonlyArray<RequestRecord>) {
  if (records.length === 0) return ["", "No requests."]
  const drawn = yield* table(
    [
      { title: "Request" },
      { title: "Object" },
      { title: "Bytes", align: "right" },
      { title: "ms", align: "right" },
      { title: "Outcome" }
    ],
    records.map((record) => [
      record.operation,
      printable(record.name),
      countText(record.sent + record.received),
      countText(Math.round(record.millis)),
      record.outcome
    ])
  )
  const sent = records.reduce((sum, record) => sum + record.sent, 0)
  const received = records.reduce((sum, record) => sum + record.received, 0)
  return ["", drawn, `${counted(records.length, "request")}, ${bytesText(sent)} sent, ${bytesText(received)} received`]
})
