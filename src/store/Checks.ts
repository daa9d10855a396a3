/**
 * A list of checks, run one after the other, each told as soon as it ends: what `hx sync check` is made of.
 *
 * A check runs when what it needs has gone well. One that fails for good (no connection, no answer, wrong keys) stops all that come after it, since
 * they could only fail for the same reason; a refusal of the one thing asked for (no permission to delete) does not.
 */

import { Clock, Duration, Effect } from "effect"
import { StoreError, type StoreErrorReason } from "./StoreError.ts"

export type Outcome = "ok" | "warning" | "failed" | "skipped"

export interface Found {
  readonly outcome: "ok" | "warning" | "skipped"
  /** For people; may hold what a store said, never a secret. */
  readonly detail: string
  /** What to do about it. */
  readonly cure?: string
  /** How long it took, where that was measured elsewhere; milliseconds. */
  readonly millis?: number
  /** Nothing that comes after it can tell more. */
  readonly stops?: boolean
}

/** Why a check failed. */
export interface Failed<E> {
  readonly error: E
  /** Said instead of the error's own words, where there is more to say. */
  readonly detail?: string
  readonly cure?: string
  readonly millis?: number
  readonly stops: boolean
}

export interface Check<E, R = never> {
  readonly id: string
  /** What must have gone well before. */
  readonly needs: ReadonlyArray<string>
  /** Run even after a check that stops the others: it needs nothing more than what they left. */
  readonly afterStop?: boolean
  readonly run: Effect.Effect<Found, Failed<E>, R>
}

export interface Finding<E> {
  readonly id: string
  readonly outcome: Outcome
  readonly detail: string | undefined
  readonly cure: string | undefined
  /** Of a skipped check: which one before it did not go well, so that this one was not tried. */
  readonly blockedBy: string | undefined
  /** Of a failed check. */
  readonly error: E | undefined
  /** Milliseconds; undefined where nothing was done. */
  readonly millis: number | undefined
}

export interface Bounds {
  /** One check ends within this. */
  readonly each: Duration.Duration
  /** All of them do; what has had no turn by then is skipped. */
  readonly all: Duration.Duration
}

export const found = (detail: string, more: Omit<Found, "outcome" | "detail"> = {}): Found => ({
  outcome: "ok",
  detail,
  ...more
})

export const warning = (
  detail: string,
  cure: string,
  more: Omit<Found, "outcome" | "detail" | "cure"> = {}
): Found => ({
  outcome: "warning",
  detail,
  cure,
  ...more
})

export const skipped = (detail: string): Found => ({ outcome: "skipped", detail })

/** What a store's refusal does to a check. */
export const failedWith = (
  error: StoreError,
  more: Omit<Partial<Failed<StoreError>>, "error"> = {}
): Failed<StoreError> => ({
  error,
  stops: !LOCAL_TO_ONE.has(error.reason),
  ...more
})

/** Refusals that say nothing about other requests. */
const LOCAL_TO_ONE: ReadonlySet<StoreErrorReason> = new Set([
  "AccessDenied",
  "Absent",
  "AlreadyExists",
  "Archived",
  "NoSpace",
  "SwapLost",
  "TooLarge",
  "Unsupported"
])

/** Never fails: what fails is among the findings, which come in the order of the checks. */
export const runChecks = Effect.fn("Checks.run")(function* <E, R, E2, R2>(
  checks: ReadonlyArray<Check<E, R>>,
  bounds: Bounds,
  tell: (finding: Finding<E | StoreError>) => Effect.Effect<void, E2, R2>
) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(bounds.all)
  const findings = new Map<string, Finding<E | StoreError>>()
  let stoppedBy: string | undefined
  for (const check of checks) {
    const now = yield* Clock.currentTimeMillis
    const missing = check.needs.find((id) => !wentWell(findings.get(id)))
    const reason = check.afterStop === true ? missing : (stoppedBy ?? missing)
    const left = Math.min(Duration.toMillis(bounds.each), deadline - now)
    const [finding, stops] =
      reason !== undefined
        ? [untried(check.id, undefined, reason), false]
        : left <= 0
          ? [untried(check.id, "no time was left for it", undefined), false]
          : yield* runOne(check, Duration.millis(left))
    if (stops) stoppedBy ??= check.id
    findings.set(check.id, finding)
    yield* tell(finding)
  }
  return [...findings.values()]
})

const wentWell = (finding: Finding<unknown> | undefined): boolean =>
  finding?.outcome === "ok" || finding?.outcome === "warning"

const untried = (id: string, detail: string | undefined, blockedBy: string | undefined): Finding<never> => ({
  id,
  outcome: "skipped",
  detail,
  cure: undefined,
  blockedBy,
  error: undefined,
  millis: undefined
})

const runOne = Effect.fnUntraced(function* <E, R>({ id, run }: Check<E, R>, limit: Duration.Duration) {
  const [took, result] = yield* run.pipe(
    Effect.timeoutFail({ duration: limit, onTimeout: () => timedOut(id, limit) }),
    Effect.either,
    Effect.timed
  )
  const value = result._tag === "Right" ? result.right : result.left
  const finding: Finding<E | StoreError> = {
    id,
    outcome: "outcome" in value ? value.outcome : "failed",
    detail: value.detail,
    cure: value.cure,
    blockedBy: undefined,
    error: "error" in value ? value.error : undefined,
    millis: value.millis ?? Duration.toMillis(took)
  }
  return [finding, value.stops === true] as const
})

const timedOut = (id: string, limit: Duration.Duration): Failed<StoreError> => ({
  error: new StoreError({
    reason: "TimedOut",
    operation: "open",
    subject: id,
    detail: `not done within ${Math.round(Duration.toMillis(limit) / 100) / 10} s`
  }),
  stops: true
})
