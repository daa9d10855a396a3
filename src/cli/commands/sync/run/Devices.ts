/**
 * What `hx sync devices` does and says: one LIST; a store that does not answer is told on stderr, and what is known is told all the same. With --json:
 *
 *     { store, asked: whether the store answered, error: why not, or null,
 *       devices: [{ id, label, self, entries, published: ISO 8601, lag, listed: same, newer or gone, problem, key: number, keyBehind,
 *                   retired: null or { by, at: ISO 8601 } }] }
 *
 * What is not known is null. `lag` is in operations: of this device those to publish, of others those to pull.
 */

import { Effect } from "effect"
import { type DeviceReport, devices, type DevicesReport } from "../../../../sync/Devices.ts"
import { whenText } from "../../../Ago.ts"
import { Output, type Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { table } from "../../../Table.ts"
import { counted, countText } from "../../../Units.ts"
import { nameOf, wordsOf } from "./StatusRows.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const report = yield* devices({ ask: true })
    const drawn = yield* devicesTable(report)
    yield* output.result(devicesJson(report), () => drawn)
    if (report.answer._tag === "Failed") {
      yield* Effect.logWarning(
        `The store was not asked, so this is as of the last pull: ${wordsOf(report.answer.error)}`
      )
    }
  }).pipe(Effect.provide(layer))

const devicesJson = ({ answer, devices: all, store }: DevicesReport): { readonly [key: string]: Json } => ({
  store,
  asked: answer._tag === "Answered",
  error: answer._tag === "Failed" ? wordsOf(answer.error) : null,
  devices: all.map((each) => ({
    id: each.device,
    label: each.label,
    self: each.self,
    entries: each.entries,
    published: each.published === null ? null : isoText(each.published),
    lag: each.lag,
    listed: each.listed,
    problem: each.problem,
    key: each.key,
    keyBehind: each.keyBehind,
    retired:
      each.retired === null
        ? null
        : { by: each.retired.by, at: each.retired.at === null ? null : isoText(each.retired.at) }
  }))
})

const isoText = (micros: number): string => new Date(micros / 1000).toISOString()

const devicesTable = (report: DevicesReport) => {
  const shown = shortest(report.devices.map(({ device }) => device))
  return table(
    [
      { title: "Device" },
      { title: "Id" },
      { title: "Entries", align: "right" },
      { title: "Last published" },
      { title: "Behind" },
      { title: "State" }
    ],
    report.devices.map((each) => [
      each.label === "" && !each.self && each.entries === null ? "(not pulled yet)" : nameOf(each.label),
      each.device.slice(0, shown),
      each.entries === null ? "?" : countText(each.entries),
      each.published === null ? (each.self ? "never" : "?") : whenText(each.published, report.now),
      behindText(each),
      stateText(each)
    ])
  )
}

/** Digits by which the ids can be told apart, at least eight. */
const shortest = (ids: ReadonlyArray<string>): number => {
  let length = 8
  while (length < 32 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++
  return length
}

const behindText = ({ lag, listed, self }: DeviceReport): string => {
  if (self) return lag === null || lag === 0 ? "" : `${counted(lag, "entry", "entries")} to publish`
  if (lag === null) return "everything"
  if (lag === 0) return ""
  return `${counted(lag, "entry", "entries")}${listed === "newer" ? " or more" : ""} to pull`
}

const stateText = (each: DeviceReport): string => {
  if (each.retired !== null) {
    const left = each.listed === "same" || each.listed === "newer" ? "; its objects are still there" : ""
    const by = `retired by ${nameOf(each.retired.by)}`
    return each.self ? `this device, ${by}: hx sync init brings it back` : `${by}${left}`
  }
  if (each.self) return each.keyBehind ? "this device; to publish again under the new key" : "this device"
  if (each.problem !== null) return printable(each.problem)
  if (each.listed === "gone") return "gone from the store"
  const key = each.keyBehind ? ["has not published under the new key"] : []
  const news = each.listed === "newer" ? ["has news: hx sync pull"] : []
  return [...news, ...key].join("; ")
}
