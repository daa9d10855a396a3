/**
 * The object of `hx sync status --json`. All of this device's memory is in it whatever options were given; times are ISO 8601 with microseconds, or
 * null for never. Beside the names that explain themselves:
 *
 *     place        { kind: "S3" | "Folder", endpoint: null for Amazon's own }
 *     last         { push, pull }: what the last ones that succeeded did, null before the first. push: { at, published, operations, entries, rules,
 *                  segments, bytes, deleted, owed }; pull: { at, devices, changed, added, merged, removed, bytes, manifests, segments, problems },
 *                  where manifests and segments are { applied, unchanged, problems } and problems [{ kind, device, name, detail }], at most 20
 *     lastVerify   { at, repair: whether it was to, objects read, problems that were left, problems repaired }; null: never
 *     versionsLeft { at, versions: null where we may not look }: older versions, that may hold what was forgotten and that we may not delete; null: none
 *     lastError    { at, tag, message, during: "push" | "pull" | null, what, category, code, over }; `over`: the same has succeeded since
 *     unresolved   words for a conflict that stopped push and pull and that nothing has settled since; null where there is none
 *     pending      { operations, entries, rules, purged, deletions, rekey: all that is published has to be sealed and published under a new key }
 *     key          null where it is not encrypted, or not known; else { number, rotated: null for the first key, newer: null or { number, rotated } of a
 *                  key that this device has to be given, passphrase: whether one opens the vault }
 *     published    { sequence, at, operations, segments, bytes } of this device
 *     devices      [{ device, label, sequence, published, operations, lag, segments, bytes, problem, retiredBy, listed: "same" | "newer" | "gone" | null,
 *                  clockDiffers }]; `published` is by the device's own clock, `lag` counts operations
 *     answer       { ok: true, milliseconds, devices, changed, unknown: [id] } or { ok: false, error, subject }; null: not asked
 *     usage        [{ month: "2026-11", requests, failed, sent, received, unreached, operations: [{ operation, requests, failed, sent, received }] }],
 *                  the current month first, 12 at most
 *     cost         { estimated: false, total: 0 } for a folder, else { estimated: true, currency, provider: "aws" | "other", total,
 *                  storage { bytes, basis: "asked" | "remembered", dollars }, writes, reads, free, restores { requests, dollars },
 *                  egress { bytes, dollars }, prices { asOf, storage, writes, reads, egress, freeEgress, overridden } }
 *     stored       with --detailed: { manifests, segments { objects, bytes }, devices [{ device, manifests, segments }],
 *                  classes [{ class, objects, bytes }] }; null where it could not be asked
 */

import { Cause, Either, Option } from "effect"
import { toIso } from "../../../../domain/Instant.ts"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import { type Inventory, totalOf } from "../../../../sync/Inventory.ts"
import type { StoreAnswer, SyncStatus } from "../../../../sync/Status.ts"
import type { Activity } from "../../../../sync/SyncState.ts"
import { type MonthUse, totalUse } from "../../../../sync/Usage.ts"
import { agoText } from "../../../Ago.ts"
import { reportOf } from "../../../ErrorReport.ts"
import type { Json } from "../../../Output.ts"
import { rememberedError } from "../../../RememberedError.ts"
import { costJson, type Reckoned } from "./StatusCost.ts"
import { isOver, unresolvedConflict } from "./StatusRows.ts"

type JsonObject = { readonly [key: string]: Json }

export const statusJson = (known: SyncStatus, reckoned: Reckoned, detailed: boolean): JsonObject => ({
  store: known.store,
  place: { kind: known.place.kind, endpoint: known.place.endpoint ?? null },
  vaultId: known.vaultId,
  fingerprint: fingerprintOf(known.vaultId),
  encrypted: known.encrypted,
  key: known.key === null ? null : { ...known.key, newer: known.key.newer === null ? null : { ...known.key.newer } },
  conditionalWrites: known.conditionalWrites,
  device: { ...known.device },
  ...lastSyncJson(known.activity),
  lastVerify: lastVerifyJson(known.activity),
  versionsLeft: versionsLeftJson(known.activity),
  lastError: lastErrorJson(known.activity),
  unresolved: unresolvedConflict(known.activity),
  conflicts: known.activity.conflicts.map(({ at, what }) => ({ at: toIso(at), what })),
  pending: { ...known.pending },
  published: known.published === null ? null : { ...known.published, at: toIso(known.published.at) },
  devices: known.peers.map((peer) => ({
    ...peer,
    published: isoOrNull(peer.published),
    clockDiffers: agoText(peer.published, known.now) === undefined
  })),
  answer: answerJson(known.answer),
  usage: known.usage.map(monthJson),
  cost: costJson(reckoned),
  ...(detailed ? { stored: storedJson(known.answer) } : {})
})

export const lastSyncJson = ({ lastPull, lastPush, pull, push }: Activity): JsonObject => ({
  lastPush: isoOrNull(lastPush),
  lastPull: isoOrNull(lastPull),
  last: {
    push: push === undefined ? null : { ...push, at: toIso(push.at) },
    pull:
      pull === undefined
        ? null
        : {
            ...pull,
            at: toIso(pull.at),
            manifests: { ...pull.manifests },
            segments: { ...pull.segments },
            problems: pull.problems.map((problem) => ({ ...problem }))
          }
  }
})

const lastVerifyJson = ({ verify }: Activity): Json =>
  verify === undefined ? null : { ...verify, at: toIso(verify.at) }

const versionsLeftJson = ({ versionsLeft }: Activity): Json =>
  versionsLeft === undefined ? null : { at: toIso(versionsLeft.at), versions: versionsLeft.versions }

const lastErrorJson = (activity: Activity): Json => {
  const { lastError } = activity
  if (lastError === null) return null
  const { at, during = null, message, tag } = lastError
  return { at: toIso(at), tag, message, during, ...rememberedError(lastError), over: isOver(activity) }
}

const answerJson = (answer: StoreAnswer): Json => {
  if (answer._tag === "NotAsked") return null
  if (answer._tag === "Failed") {
    const { subject, what } = reportOf(Cause.fail(answer.error))
    return { ok: false, error: what, subject }
  }
  const { changed, devices, milliseconds, unknown } = answer
  return { ok: true, milliseconds, devices, changed, unknown }
}

const monthJson = (month: MonthUse): Json => ({
  month: month.month,
  ...totalUse(month),
  unreached: month.unreached,
  operations: month.operations.map((use) => ({ ...use }))
})

const storedJson = (answer: StoreAnswer): Json =>
  answer._tag !== "Answered"
    ? null
    : Option.match(answer.holdings, {
        onNone: () => null,
        onSome: Either.match({ onLeft: () => null, onRight: inventoryJson })
      })

export const inventoryJson = (held: Inventory): Json => {
  const total = totalOf(held)
  return {
    manifests: { ...total.manifests },
    segments: { ...total.segments },
    devices: [...held.devices].map(([device, { manifests, segments }]) => ({
      device,
      manifests: { ...manifests },
      segments: { ...segments }
    })),
    classes: [...held.classes].map(([name, holding]) => ({ class: name, ...holding }))
  }
}

const isoOrNull = (at: number | null): string | null => (at === null || at === 0 ? null : toIso(at))
