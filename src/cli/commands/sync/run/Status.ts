/** What `hx sync status` does and says. */

import { Cause, Effect, Option } from "effect"
import { toIso } from "../../../../domain/Instant.ts"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import { inventory } from "../../../../sync/Inventory.ts"
import {
  type AnswerError,
  type PeerStatus,
  status,
  type StoreAnswer,
  type SyncStatus
} from "../../../../sync/Status.ts"
import { activityOrNone } from "../../../../sync/SyncState.ts"
import { requireBinding } from "../../../../sync/VaultSession.ts"
import { reportOf } from "../../../ErrorReport.ts"
import { type Json, Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { table } from "../../../Table.ts"
import { counted, momentText } from "../../../Units.ts"
import { pendingLines } from "./Push.ts"
import { devicesText, holdingsJson, holdingsText } from "./StatusTables.ts"

export interface StatusGiven {
  readonly verbose: boolean
  readonly detailed: boolean
  readonly lastSync: boolean
}

export const run = (given: StatusGiven) => Effect.provide(given.lastSync ? tellLastSync : tell(given), layer)

const tell = Effect.fnUntraced(function* (given: StatusGiven) {
  const output = yield* Output
  const known = yield* status({ ask: true })
  const holdings = given.detailed && known.answer._tag === "Answered" ? yield* askHoldings : Option.none()
  const sections = [
    yield* summary(known),
    ...(given.verbose ? [yield* devicesText(known)] : []),
    ...(given.detailed ? [yield* holdingsText(known, holdings)] : [])
  ]
  const stored = Option.match(holdings, { onNone: () => null, onSome: holdingsJson })
  yield* output.result({ ...toJson(known), ...(given.detailed ? { stored } : {}) }, () => sections.join("\n\n"))
})

/** What the store holds; status tells what it knows without it too. */
const askHoldings = inventory.pipe(
  Effect.asSome,
  Effect.catchTag("StoreError", (error) => Effect.as(Effect.logWarning(wordsOf(error)), Option.none()))
)

const summary = (known: SyncStatus) =>
  table(
    [{ title: "" }, { title: "" }],
    [
      ["Store", printable(known.store)],
      ["Vault", `${fingerprintOf(known.vaultId)}, ${known.encrypted ? "encrypted" : "NOT ENCRYPTED"}`],
      ["Device", `${nameOf(known.device.label)} ${known.device.id}`],
      ["Last push", whenOrNever(known.activity.lastPush)],
      ["Last pull", whenOrNever(known.activity.lastPull)],
      ["Pending", pendingText(known)],
      ...conflictRows(known),
      ...problemRows(known.peers),
      ["Last error", lastErrorText(known)],
      ["Connection", answerText(known.answer)],
      ...(known.conditionalWrites
        ? []
        : [["", "The store ignores conditional writes: each push reads before and after it writes."]])
    ]
  )

const nameOf = (label: string): string => (label === "" ? "(no name)" : printable(label))

const whenOrNever = (at: number | null): string => (at === null ? "never" : momentText(at))

const pendingText = (known: SyncStatus): string => {
  const lines = pendingLines(known.pending)
  return lines.length === 0 ? "nothing" : `${lines.join("; ")}: hx sync push`
}

const conflictRows = (known: SyncStatus): ReadonlyArray<ReadonlyArray<string>> => {
  const { conflicts } = known.activity
  if (conflicts.length === 0) return [["Conflicts", "none"]]
  return conflicts.map(({ at, what }, index) => [
    index === 0 ? "Conflicts" : "",
    `${momentText(at)}  ${printable(what)}`
  ])
}

const problemRows = (peers: ReadonlyArray<PeerStatus>): ReadonlyArray<ReadonlyArray<string>> =>
  peers.flatMap((peer) =>
    peer.problem === null ? [] : [["Problem", `${nameOf(peer.label)}: ${printable(peer.problem)}`]]
  )

const lastErrorText = ({ activity: { lastError } }: SyncStatus): string =>
  lastError === null
    ? "none"
    : `${momentText(lastError.at)}  ${printable(lastError.message === "" ? lastError.tag : lastError.message)}`

const answerText = (answer: StoreAnswer): string => {
  switch (answer._tag) {
    case "NotAsked":
      return "not asked"
    case "Failed":
      return `none: ${wordsOf(answer.error)}`
    case "Answered": {
      const news = answer.changed === 0 ? "nothing new" : `${answer.changed} with news: hx sync pull`
      return `works, in ${answer.milliseconds} ms; ${counted(answer.devices, "other device")}, ${news}`
    }
  }
}

/** The error report's three lines as one. */
const wordsOf = (error: AnswerError): string => {
  const { hint, subject, what } = reportOf(Cause.fail(error))
  return printable(`${what} (${subject}). ${hint}`)
}

const toJson = (known: SyncStatus): { readonly [key: string]: Json } => ({
  store: known.store,
  vaultId: known.vaultId,
  fingerprint: fingerprintOf(known.vaultId),
  encrypted: known.encrypted,
  conditionalWrites: known.conditionalWrites,
  device: { ...known.device },
  lastPush: isoOrNull(known.activity.lastPush),
  lastPull: isoOrNull(known.activity.lastPull),
  lastError:
    known.activity.lastError === null
      ? null
      : { ...known.activity.lastError, at: isoOrNull(known.activity.lastError.at) },
  conflicts: known.activity.conflicts.map(({ at, what }) => ({ at: toIso(at), what })),
  pending: { ...known.pending },
  published: known.published === null ? null : { ...known.published, at: toIso(known.published.at) },
  devices: known.peers.map((peer) => ({ ...peer, published: isoOrNull(peer.published) })),
  answer: answerJson(known.answer)
})

const isoOrNull = (at: number | null): string | null => (at === null || at === 0 ? null : toIso(at))

const answerJson = (answer: StoreAnswer): Json => {
  if (answer._tag === "NotAsked") return null
  if (answer._tag === "Failed") {
    const { subject, what } = reportOf(Cause.fail(answer.error))
    return { ok: false, error: what, subject }
  }
  return { ok: true, milliseconds: answer.milliseconds, devices: answer.devices, changed: answer.changed }
}

/** Only this device's memory; nobody is asked. */
const tellLastSync = Effect.gen(function* () {
  const output = yield* Output
  yield* requireBinding
  const { lastPull, lastPush } = yield* activityOrNone
  yield* output.result({ lastPush: isoOrNull(lastPush), lastPull: isoOrNull(lastPull) }, () =>
    [`Last push  ${whenOrNever(lastPush)}`, `Last pull  ${whenOrNever(lastPull)}`].join("\n")
  )
})
