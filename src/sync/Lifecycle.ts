/** `hx sync lifecycle`: which rules the bucket should have for this vault, and putting them there beside those of others. */

import { Effect, Schedule, Stream } from "effect"
import { archiveClassOf } from "../store/ArchiveClass.ts"
import type { BucketLifecycle, LifecycleConfiguration } from "../store/BucketLifecycle.ts"
import { StoreError } from "../store/StoreError.ts"
import { INFREQUENT } from "./ClassPrices.ts"
import { type InfrequentAccess, infrequentAccess } from "./InfrequentAccess.ts"
import { type Harm, harmsOf, isAsWritten, type Merged, mergeRules } from "./LifecycleRules.ts"
import { SEGMENTS } from "./ObjectNames.ts"
import { prices } from "./Prices.ts"
import { openBound, openLifecycle, requireBinding } from "./VaultSession.ts"

export interface LifecyclePlan extends Merged {
  readonly bucket: string
  /** Empty, or ending in "/". */
  readonly prefix: string
  /** Null where the bucket's rules may not be read: what it has besides is not known. */
  readonly current: LifecycleConfiguration | null
  /** Null where that may not be asked. */
  readonly versioned: boolean | null
  readonly harms: ReadonlyArray<Harm>
  /** Null where prices and storage classes are not Amazon's. */
  readonly infrequentAccess: InfrequentAccess | null
  /** Segments that are archived already. */
  readonly archived: number
}

/** What to do; changes nothing. Null for a store that is no bucket. */
export const planLifecycle = Effect.fn("Lifecycle.plan")(function* (options: { readonly mustRead: boolean }) {
  const binding = yield* requireBinding
  const rules = yield* openLifecycle(binding)
  if (rules === null) return null
  const store = yield* openBound(binding)
  const held = yield* Stream.runFold(store.list(SEGMENTS), NOTHING_HELD, (sum, { size, storageClass }) => {
    const archived = archiveClassOf(storageClass) === undefined ? 0 : 1
    const large = size >= INFREQUENT.leastBytes && archived === 0
    return {
      objects: sum.objects + (large ? 1 : 0),
      bytes: sum.bytes + (large ? size : 0),
      archived: sum.archived + archived
    }
  })
  const { storage } = yield* prices
  const { archived, ...segments } = held
  const access = rules.amazon ? infrequentAccess(segments, storage) : null
  const current = yield* options.mustRead ? rules.read : orNull(rules.read)
  const versioned = yield* orNull(rules.versioned)
  const { bucket, prefix } = rules
  const merged = mergeRules(current ?? { rules: [] }, { prefix, versioned, infrequentAccess: access?.pays ?? false })
  return {
    ...merged,
    bucket,
    prefix,
    current,
    versioned,
    harms: harmsOf(merged.foreign, prefix, current?.minimumSize),
    infrequentAccess: access,
    archived
  } satisfies LifecyclePlan as LifecyclePlan
})

/** Writes what was planned and reads it back. Nothing is written where nothing changes. */
export const applyLifecycle = Effect.fn("Lifecycle.apply")(function* (plan: LifecyclePlan) {
  const rules = yield* Effect.flatMap(requireBinding, openLifecycle)
  if (rules !== null && plan.changes.length > 0) yield* writePlanned(rules, plan)
})

/** Nothing keeps others from changing the rules, and a person may have thought over the plan for long: what has changed since is not written over. */
export const writePlanned = Effect.fn("Lifecycle.write")(function* (
  rules: BucketLifecycle,
  plan: Pick<LifecyclePlan, "configuration" | "current">
) {
  const now = yield* rules.read
  if (plan.current === null || !isAsWritten(plan.current, now) || now.minimumSize !== plan.current.minimumSize) {
    return yield* refusal(rules, "SwapLost", "its lifecycle rules have changed since they were read")
  }
  if (now.unknown !== undefined) {
    const names = now.unknown.join(", ")
    return yield* refusal(rules, "Misconfigured", `its rules hold what hx cannot write back: ${names}; ${BY_HAND}`)
  }
  yield* rules.write(plan.configuration)
  // Amazon takes a moment to show what it was given.
  yield* rules.read.pipe(
    Effect.filterOrFail(
      (read) => isAsWritten(plan.configuration, read),
      () => notAsWritten(rules)
    ),
    Effect.retry({
      schedule: Schedule.exponential("500 millis"),
      times: 4,
      while: ({ detail }) => detail === NOT_AS_WRITTEN
    })
  )
})

const NOTHING_HELD = { objects: 0, bytes: 0, archived: 0 }

/** What need not be known. */
const orNull = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A | null, StoreError> =>
  Effect.catchIf(
    effect,
    ({ reason }) => reason === "AccessDenied" || reason === "Unsupported",
    () => Effect.succeed(null)
  )

const BY_HAND = "add the rules of hx sync lifecycle with the service's own tools"

const refusal = ({ bucket: subject }: BucketLifecycle, reason: StoreError["reason"], detail: string) =>
  new StoreError({ reason, operation: "put", subject, detail })

const NOT_AS_WRITTEN = "the lifecycle rules read back are not those that were written"

const notAsWritten = (rules: BucketLifecycle) => refusal(rules, "ServerFailure", NOT_AS_WRITTEN)
