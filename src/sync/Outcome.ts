/** What is remembered of a push, a pull or a verification for `hx sync status`: how it went, or why it failed. */

import { Effect } from "effect"
import type { PullReport } from "./Pull.ts"
import type { PushReport } from "./Push.ts"
import { nowMicros } from "./SyncClock.ts"
import type { Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { isRepaired, type VerifyReport } from "./VerifyReport.ts"

export interface Failure {
  readonly _tag: string
  readonly reason?: string
  /** Of what is sound, but was written by a newer hx. */
  readonly newer?: boolean
  readonly message: string
}

type Kind = "push" | "pull"

export const notePush = (report: PushReport) =>
  Effect.flatMap(nowMicros, (at) =>
    SyncState.updateActivity((activity) => ({ ...activity, lastPush: at, push: pushed(report, at) }))
  )

export const notePull = (report: PullReport) =>
  Effect.flatMap(nowMicros, (at) =>
    SyncState.updateActivity((activity) => ({ ...activity, lastPull: at, pull: pulled(report, at) }))
  )

export const noteVerify = ({ findings, objects, repaired }: VerifyReport) =>
  Effect.flatMap(nowMicros, (at) => {
    const mended = findings.filter((finding) => isRepaired({ repaired }, finding)).length
    const verify: SyncState.LastVerify = {
      at,
      repair: repaired !== null,
      objects: objects.vault + objects.manifests + objects.segments,
      problems: findings.length - mended,
      repaired: mended
    }
    return SyncState.updateActivity((activity) => ({ ...activity, verify }))
  })

/** What fails here too is only logged: the error itself is what the user has to hear of. */
export const noteFailure = (during: Kind) => (error: Failure) =>
  Effect.ignoreLogged(
    Effect.flatMap(nowMicros, (at) =>
      SyncState.updateActivity((activity) => ({
        ...activity,
        lastError: { at, tag: SyncState.tagOf(error), message: cut(error.message), during }
      }))
    )
  )

const pushed = (report: PushReport, at: number): SyncState.LastPush => {
  const { bytes, deleted, entries, operations, owed, published, rules, segments } = report
  return { at, published, operations, entries, rules, segments, bytes, deleted, owed }
}

const pulled = ({ absorbed, bytes, changed, devices, objects, problems }: PullReport, at: number) =>
  ({
    at,
    devices,
    changed,
    added: absorbed.added,
    merged: absorbed.merged,
    removed: absorbed.removed,
    bytes,
    ...objects,
    problems: problems.slice(0, MOST_PROBLEMS).map(words)
  }) satisfies SyncState.LastPull

/** Enough to see what it is about; the counts tell how many there were. */
const MOST_PROBLEMS = 20

const words = ({ detail, device, kind, name }: Problem) => ({ kind, device: cut(device), name, detail: cut(detail) })

/** Words of stores and other devices may be as long as they like. */
const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`)

const LONGEST = 500
