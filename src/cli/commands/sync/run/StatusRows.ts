/** The lines of `hx sync status` itself: what one wants to know at a glance. */

import { Cause } from "effect"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import type { AnswerError, KeyStatus, PeerStatus, StoreAnswer, SyncStatus } from "../../../../sync/Status.ts"
import type { Activity, LastPull, LastPush, LastVerify } from "../../../../sync/SyncState.ts"
import { agoText, whenText } from "../../../Ago.ts"
import { reportOf } from "../../../ErrorReport.ts"
import { printable } from "../../../Printable.ts"
import { rememberedDetail, rememberedError } from "../../../RememberedError.ts"
import { bytesText, counted, countText } from "../../../Units.ts"
import { contentText, pendingLines } from "./Push.ts"

export type Rows = ReadonlyArray<readonly [string, string]>

export const statusRows = (known: SyncStatus): Rows => [
  ["Store", printable(known.store)],
  ["Vault", `${fingerprintOf(known.vaultId)}, ${known.encrypted ? "encrypted" : "NOT ENCRYPTED"}${keyText(known.key)}`],
  ...newerKeyRows(known.key),
  ["Device", `${nameOf(known.device.label)} ${known.device.id}`],
  ...lastSyncRows(known.activity, known.now),
  ["Verified", verifyText(known)],
  ["Pending", pendingText(known)],
  ...versionRows(known),
  ...behindRows(known),
  ...conflictRows(known),
  ...problemRows(known.peers),
  ["Last error", lastErrorText(known.activity, known.now)],
  ["Connection", answerText(known.answer)],
  ...(known.conditionalWrites
    ? []
    : [["", "The store ignores conditional writes: each push reads before and after it writes."] as const])
]

const keyText = (key: KeyStatus | null): string => {
  const rotated = key?.rotated ?? null
  const since = key === null || rotated === null ? "" : `, key number ${key.number} since ${rotated.slice(0, 10)}`
  return `${since}${key?.passphrase === true ? ", with a passphrase" : ""}`
}

const newerKeyRows = (key: KeyStatus | null): Rows =>
  key === null || key.newer === null
    ? []
    : [
        [
          "Key",
          `THIS DEVICE NEEDS THE NEW KEY: the vault's key was rotated on ${key.newer.rotated.slice(0, 10)} (number ${key.newer.number}): hx sync init --key-file FILE`
        ]
      ]

/** When this device last pushed and pulled, what it did, and whether it has failed since. */
export const lastSyncRows = (activity: Activity, now: number): Rows => {
  const { lastPull, lastPush, pull, push } = activity
  return [
    ["Last push", lastText(activity, now, "push", lastPush, push === undefined ? undefined : pushText(push))],
    ["Last pull", lastText(activity, now, "pull", lastPull, pull === undefined ? undefined : pullText(pull))]
  ]
}

const lastText = (
  { lastError }: Activity,
  now: number,
  kind: "push" | "pull",
  at: number | null,
  what: string | undefined
): string => {
  const success = at === null ? "never" : `${whenText(at, now)}${what === undefined ? "" : `: ${what}`}`
  if (lastError?.during !== kind || lastError.at < (at ?? 0)) return success
  const failure = `failed ${agoText(lastError.at, now) ?? whenText(lastError.at, now)} (see the last error)`
  return `${failure}; ${at === null ? "never done before" : `before that ${success}`}`
}

const pushText = (push: LastPush): string => {
  if (!push.published) return push.deleted > 0 ? `deleted ${counted(push.deleted, "object")}` : "nothing was new"
  const segments = push.segments === 0 ? "" : ` in ${counted(push.segments, "segment")} (${bytesText(push.bytes)})`
  return `${push.operations > 0 ? contentText(push) : "published again"}${segments}`
}

const pullText = (pull: LastPull): string => {
  const news = [
    ...(pull.added > 0 ? [counted(pull.added, "new entry", "new entries")] : []),
    ...(pull.merged > 0 ? [`more known of ${countText(pull.merged)}`] : []),
    ...(pull.removed > 0 ? [`${countText(pull.removed)} forgotten`] : [])
  ]
  const from = pull.changed === 0 ? "" : ` from ${counted(pull.changed, "device")}`
  const unused = pull.manifests.problems + pull.segments.problems
  const problems = unused === 0 ? "" : `; ${counted(unused, "object")} could not be used`
  return `${news.length === 0 ? "nothing was new" : `${news.join(", ")}${from}`}${problems}`
}

const verifyText = ({ activity: { verify }, now }: SyncStatus): string =>
  verify === undefined ? "never" : `${whenText(verify.at, now)}: ${verdictText(verify)}`

const verdictText = ({ objects, problems, repaired }: LastVerify): string => {
  if (problems > 0) return `${counted(problems, "problem")} in ${counted(objects, "object")}: hx sync verify`
  return `${counted(objects, "object")}, ${repaired === 0 ? "all well" : `${counted(repaired, "problem")} repaired`}`
}

/** What was forgotten may be in them still. */
const versionRows = ({ activity: { versionsLeft }, now }: SyncStatus): Rows => {
  if (versionsLeft === undefined) return []
  const { at, versions } = versionsLeft
  const which = versions === null ? "older versions, if there are any" : counted(versions, "older version")
  const words = `of objects that may hold what was forgotten: ${which}, which we may not delete (${whenText(at, now)})`
  return [["Left", `${words}. Allow it (hx sync check --policy), then: hx sync verify --repair`]]
}

const pendingText = (known: SyncStatus): string => {
  const lines = pendingLines(known.pending)
  return lines.length === 0 ? "nothing" : `${lines.join("; ")}: hx sync push`
}

/** Only where there is something to pull that we know of. */
const behindRows = ({ answer, peers }: SyncStatus): Rows => {
  const behind = peers.flatMap((peer) => {
    const words = lagText(peer)
    return words === undefined ? [] : [`${nameOf(peer.label)} ${words}`]
  })
  const unknown = answer._tag === "Answered" ? answer.unknown.length : 0
  const all = [...behind, ...(unknown > 0 ? [`${counted(unknown, "device")} not pulled yet`] : [])]
  return all.length === 0 ? [] : [["Behind", `${all.join("; ")}: hx sync pull`]]
}

/** What of a device has not been applied here; undefined where nothing is known to lack. How much a newer manifest tells, only a pull can say. */
export const lagText = ({ lag, listed, retiredBy }: PeerStatus): string | undefined => {
  if (retiredBy !== null) return undefined
  if (listed === "newer" && lag === 0) return "has news"
  if (lag === 0) return undefined
  return `${counted(lag, "entry", "entries")}${listed === "newer" ? " or more" : ""}`
}

const conflictRows = ({ activity, now }: SyncStatus): Rows => {
  const open = unresolvedConflict(activity)
  const told = [
    ...(open === null ? [] : [`UNRESOLVED: ${open}: ${REMEDIES}`]),
    ...activity.conflicts.map(({ at, what }) => `${whenText(at, now)}: ${printable(what)}`)
  ]
  return told.length === 0
    ? [["Conflicts", "none"]]
    : told.map((words, index) => [index === 0 ? "Conflicts" : "", words])
}

const REMEDIES = "hx sync pull --force, or hx sync push --force"

const OF_CONFLICT: ReadonlyArray<string> = ["SequenceConflict", "ManifestCorrupt"]

/** A conflict about this device's own manifest that nothing has settled since; null where there is none. */
export const unresolvedConflict = ({ conflicts, lastError, lastPull, lastPush, push }: Activity): string | null => {
  if (lastError === null || !OF_CONFLICT.includes(lastError.tag) || lastError.message.includes(VAULT)) return null
  // A push that had nothing to publish has not looked.
  const settled = [lastPull, push?.published === true ? lastPush : null, conflicts.at(-1)?.at ?? null]
  if (settled.some((at) => at !== null && at > lastError.at)) return null
  return printable(lastError.message)
}

/** That vault.json is damaged is another matter, with cures of its own. */
const VAULT = "vault.json"

const problemRows = (peers: ReadonlyArray<PeerStatus>): Rows =>
  peers.flatMap((peer): Rows =>
    peer.problem === null ? [] : [["Problem", `${nameOf(peer.label)}: ${printable(peer.problem)}`]]
  )

const lastErrorText = (activity: Activity, now: number): string => {
  const { lastError } = activity
  if (lastError === null) return "none"
  const { category, what } = rememberedError(lastError)
  const on = lastError.during === undefined ? "" : `, on ${lastError.during}`
  const since = isOver(activity) ? `; ${lastError.during ?? "sync"} has succeeded since` : ""
  return `${whenText(lastError.at, now)}${on}: ${what} [${category}]: ${printable(rememberedDetail(lastError))}${since}`
}

/** Whether what failed last has succeeded since. */
export const isOver = ({ lastError, lastPull, lastPush }: Activity): boolean => {
  if (lastError === null) return false
  const successes = { push: [lastPush], pull: [lastPull] }
  const since = lastError.during === undefined ? [lastPush, lastPull] : successes[lastError.during]
  return since.some((at) => at !== null && at > lastError.at)
}

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
export const wordsOf = (error: AnswerError): string => {
  const { hint, subject, what } = reportOf(Cause.fail(error))
  return printable(`${what} (${subject}). ${hint}`)
}

export const nameOf = (label: string): string => (label === "" ? "(no name)" : printable(label))
