/**
 * `hx sync check`: tries everything that sync does with a store, one thing after the other, from the name of the service to the vault in it.
 *
 * It writes objects of its own under a name that nothing of hx looks at, and deletes them in any case, when it is interrupted too. Objects of a vault
 * are read at most. A check ends within 20 seconds and all of them within 60; tidying up after that takes 5 more at most.
 */

import { Cause, Duration, Effect, Exit, Option, Stream } from "effect"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import {
  type Bounds,
  type Check,
  type Failed,
  failedWith,
  type Finding,
  type Found,
  found,
  runChecks,
  warning
} from "../store/Checks.ts"
import { Always, AssumedCapabilities, type ObjectStoreService, type StoreCapabilities } from "../store/ObjectStore.ts"
import type { StoreDiagnosis } from "../store/StoreDiagnosis.ts"
import { StoreError, type StoreErrorReason } from "../store/StoreError.ts"
import { Stores } from "../store/Stores.ts"
import { formatLocation, type StoreCredentials, type StoreLocation } from "../store/StoreUrl.ts"
import { lackingOn } from "./AccessPolicy.ts"
import { holdsVault } from "./CheckVault.ts"
import { MANIFESTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { probeName, probeObject } from "./Probe.ts"
import { noteProbes, strikeProbes, sweepProbes, WITHOUT_LOCK } from "./ProbeNotes.ts"
import type { KeyNeeded, ManifestCorrupt, VaultKeyRotated, VaultMismatch, WrongVaultKey } from "./SyncError.ts"
import type { StoreBinding } from "./SyncState.ts"
import type { VaultKeys } from "./VaultKeys.ts"

export interface CheckTarget {
  readonly location: StoreLocation
  readonly credentials: Option.Option<StoreCredentials>
  /** Who gave them, for people. */
  readonly givenBy: string
  /** Where the store is the one in use. */
  readonly binding: Option.Option<StoreBinding>
}

/** "everything"; "reading": nothing is written; "reaching": no more than whether the store answers. */
export type CheckExtent = "everything" | "reading" | "reaching"

export type CheckError =
  StoreError | KeyNeeded | ManifestCorrupt | PrivateFileError | VaultKeyRotated | VaultMismatch | WrongVaultKey

export const BOUNDS: Bounds = { each: Duration.seconds(20), all: Duration.seconds(60) }
const TIDY = Duration.seconds(5)

/** What was found out, in the order in which it was told. Fails only where nothing can be tried at all: a setting or a file that cannot be used. */
export const check = Effect.fn("Check.run")(function* <E, R>(
  target: CheckTarget,
  extent: CheckExtent,
  tell: (finding: Finding<CheckError>) => Effect.Effect<void, E, R>
) {
  const stores = yield* Stores
  const trial = yield* probeName
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const diagnosis = yield* stores.diagnose(target.location, {
        credentials: target.credentials,
        givenBy: target.givenBy,
        listed: MANIFESTS,
        trial,
        bound: Option.isSome(target.binding)
      })
      const store = yield* diagnosis.open(capabilitiesOf(target))
      const work: Work = { target, diagnosis, store, trial, written: new Set(), deleted: false, denied: new Set() }
      const location = formatLocation(target.location)
      const names = new Set([trial, secondOf(trial)])
      // A database that cannot be written is no reason not to check.
      if (extent === "everything") yield* Effect.ignore(noteProbes(location, [...names], WITHOUT_LOCK))
      yield* Effect.addFinalizer(() =>
        Effect.zipRight(
          tidy(work),
          extent === "everything" ? Effect.ignore(strikeGone(work, location, names)) : Effect.void
        )
      )
      return yield* runChecks<CheckError, VaultKeys, E, R>(checksOf(work, extent), BOUNDS, tell)
    })
  )
})

const capabilitiesOf = ({ binding }: CheckTarget): StoreCapabilities =>
  Option.match(binding, {
    onNone: () => AssumedCapabilities,
    onSome: ({ createOnly, ifMatch }) => ({ createOnly, ifMatch })
  })

interface Work {
  readonly target: CheckTarget
  readonly diagnosis: StoreDiagnosis
  readonly store: ObjectStoreService
  readonly trial: string
  /** Names that may be there because of us. */
  readonly written: Set<string>
  /** Whether deleting works. */
  deleted: boolean
  /** Of list, put, get, delete: what was refused. */
  readonly denied: Set<string>
}

type Step = Effect.Effect<Found, Failed<CheckError>>

const checksOf = (work: Work, extent: CheckExtent): ReadonlyArray<Check<CheckError, VaultKeys>> => {
  const { after, before } = work.diagnosis
  const last = before.at(-1)
  const list: Check<CheckError> = { id: "list", needs: last === undefined ? [] : [last.id], run: lists(work) }
  const reading = after.filter(({ needs }) => !needs.includes("put"))
  if (extent === "reaching") return [...before, list, ...reading.filter(({ id }) => id === "clock")]
  const get: Check<CheckError> = { id: "get", needs: [], run: gets(work) }
  const latency: ReadonlyArray<Check<CheckError>> =
    work.target.location._tag === "S3" ? [{ id: "latency", needs: ["get"], run: answersIn(work) }] : []
  const vault: Check<CheckError, VaultKeys> = {
    id: "vault",
    needs: ["get"],
    run: holdsVault(work.store, work.target.binding)
  }
  if (extent === "reading") return [...before, list, get, ...reading, ...latency, vault]
  return [
    ...before,
    list,
    { id: "put", needs: [], run: puts(work) },
    get,
    { id: "delete", needs: ["put"], run: deletes(work) },
    { id: "conditional", needs: ["put", "get"], run: swaps(work) },
    ...after.map((each) => ({
      ...each,
      run: Effect.mapError(each.run, (failed) => asLacking(work, "multipart", failed))
    })),
    ...latency,
    vault
  ]
}

/** What a failing operation means for the user: which permission lacks, and what goes without it. */
const failing = (work: Work, operation: Operation) => (error: StoreError) =>
  asLacking(work, operation, failedWith(error))

type Operation = "list" | "get" | "put" | "delete" | "multipart"

const asLacking = (work: Work, operation: Operation, failed: Failed<StoreError>): Failed<StoreError> => {
  const { error } = failed
  const { location } = work.target
  if (error.reason !== "AccessDenied") return failed
  work.denied.add(operation)
  if (location._tag === "Folder") return { ...failed, cure: FOLDER_CURES[operation] }
  const lacking = error.permission === undefined ? undefined : lackingOn(location, error.permission)
  return {
    cure: operation === "put" && work.denied.has("list") ? POLICY_CURES.get : POLICY_CURES[operation],
    ...failed,
    ...(lacking === undefined ? {} : { detail: `${lacking} is not allowed` })
  }
}

const PRINTS = '"hx sync check --policy" prints a policy that does.'

const POLICY_CURES: Readonly<Record<Operation, string>> = {
  list: `Nothing works without it. Allow it; ${PRINTS}`,
  get: `Nothing works without it. Allow it; ${PRINTS}`,
  put: `hx sync pull works all the same; to push, allow it: ${PRINTS}`,
  delete: `Pushing works, but what is forgotten or replaced stays in the bucket. Allow it; ${PRINTS}`,
  multipart: `Large histories cannot be pushed without it. Allow it; ${PRINTS}`
}

const FOLDER_CURES: Readonly<Record<Operation, string>> = {
  list: "Make the folder readable for you (chmod u+rwx), or choose another one.",
  get: "Make the files in it readable for you (chmod -R u+rwX), or choose another folder.",
  put: "hx sync pull works all the same; to push, make the folder writable for you (chmod u+rwx).",
  delete: "Make the folder writable for you (chmod u+rwx), or choose another one.",
  multipart: "Make the folder writable for you (chmod u+rwx), or choose another one."
}

const lists = (work: Work): Step =>
  Effect.gen(function* () {
    const first = yield* work.diagnosis.firstList
    if (Option.isNone(first))
      return toldCount(yield* Effect.mapError(countManifests(work.store), failing(work, "list")))
    const { millis, result } = first.value
    if (typeof result === "number") return toldCount(result, millis)
    return yield* Effect.fail({ ...failing(work, "list")(result), millis })
  })

const countManifests = (store: ObjectStoreService) => store.list(MANIFESTS).pipe(Stream.take(MANY), Stream.runCount)

const MANY = 1000

const toldCount = (count: number, millis?: number): Found =>
  found(
    count === 0 ? "nobody has published there yet" : `${count === MANY ? "1,000 or more" : count} published`,
    millis === undefined ? {} : { millis }
  )

const CONTENT = Buffer.from("hx sync check\n")

const puts = (work: Work): Step =>
  Effect.suspend(() => {
    work.written.add(work.trial)
    return work.store.put(work.trial, CONTENT, { condition: Always })
  }).pipe(
    Effect.as(found(`${CONTENT.length} bytes as ${work.trial}`)),
    Effect.mapError(failing(work, "put")),
    Effect.tapError(({ error }) =>
      Effect.sync(() => {
        // Refused for certain: there is nothing to tidy up.
        if (error.reason === "AccessDenied") work.written.delete(work.trial)
      })
    )
  )

/** What was put; or, where nothing may be, what a pull would read. */
const gets = (work: Work): Step =>
  Effect.gen(function* () {
    if (!work.written.has(work.trial)) return yield* getsDescriptor(work)
    const { bytes } = yield* Effect.mapError(work.store.get(work.trial, 1024), failing(work, "get"))
    if (CONTENT.equals(bytes)) return found("the same bytes came back")
    const detail = "other bytes came back than were put"
    return yield* Effect.fail(
      failedWith(new StoreError({ reason: "ServerFailure", operation: "get", subject: work.trial, detail }))
    )
  })

const getsDescriptor = (work: Work) =>
  work.store.get(VAULT_DESCRIPTOR, VaultDescriptor.MAX_DESCRIPTOR_BYTES).pipe(
    Effect.map(({ bytes }) => found(`${VAULT_DESCRIPTOR}, ${bytes.length} bytes`)),
    Effect.catchIf(
      ({ reason }) => reason === "Absent",
      () => Effect.succeed(found("allowed; there is nothing to read yet"))
    ),
    Effect.mapError(failing(work, "get"))
  )

const deletes = (work: Work): Step =>
  work.store.delete(work.trial).pipe(
    Effect.map(({ versionsLeft }) => {
      work.written.delete(work.trial)
      work.deleted = true
      if (!versionsLeft) return found("gone")
      return warning(
        "gone, but its older versions stay: s3:ListBucketVersions and s3:DeleteObjectVersion are not allowed",
        'What is forgotten stays in older versions. Allow them: "hx sync check --policy --with versions" prints how.'
      )
    }),
    Effect.mapError(failing(work, "delete"))
  )

const swaps = (work: Work): Step =>
  Effect.gen(function* () {
    const name = work.written.has(work.trial) ? secondOf(work.trial) : work.trial
    work.written.add(name)
    const able = yield* Effect.scoped(probeObject(work.store, work.diagnosis.open, name))
    const known = Option.map(work.target.binding, ({ createOnly, ifMatch }) => ({ createOnly, ifMatch }))
    if (Option.exists(known, (kept) => kept.createOnly !== able.createOnly || kept.ifMatch !== able.ifMatch)) {
      return warning(`${spoken(able)}; init had found otherwise`, "Run hx sync init again: it finds out anew.")
    }
    return able.createOnly && able.ifMatch !== "none"
      ? found(spoken(able))
      : found(`${spoken(able)}; pushes read before and after they write`)
  }).pipe(Effect.mapError(failing(work, "put")))

const spoken = ({ createOnly, ifMatch }: StoreCapabilities): string => {
  const create = createOnly ? "create-only is kept" : "create-only is not kept"
  return `${create}, if-match ${ifMatch === "none" ? "is not" : `with the ETag ${ifMatch}`}`
}

const SAMPLES = 5

/** Reads what a pull would read, or finds that it is not there: both take one way to the store and back. */
const answersIn = (work: Work): Step =>
  Effect.gen(function* () {
    const times: Array<number> = []
    for (let sample = 0; sample < SAMPLES; sample++) {
      const [took] = yield* Effect.timed(
        work.store.get(VAULT_DESCRIPTOR, VaultDescriptor.MAX_DESCRIPTOR_BYTES).pipe(
          Effect.asVoid,
          Effect.catchIf(
            ({ reason }) => ANSWERS.has(reason),
            () => Effect.void
          )
        )
      )
      times.push(Duration.toMillis(took))
    }
    const median = times.toSorted((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? 0
    return found(`the middle of ${SAMPLES} small requests took ${Math.max(1, Math.round(median))} ms`)
  }).pipe(Effect.mapError((error) => failedWith(error)))

const ANSWERS: ReadonlySet<StoreErrorReason> = new Set(["Absent", "AccessDenied", "Archived"])

const secondOf = (trial: string): string => `${trial}-2`

/** What is deleted is noted no more; where deleting works, what killed checks left goes too. */
const strikeGone = (work: Work, location: string, names: ReadonlySet<string>) => {
  const gone = new Set([...names].filter((name) => !work.written.has(name)))
  const sweep = work.deleted ? Effect.timeout(sweepProbes(location, work.store), TIDY) : Effect.void
  return Effect.zipRight(strikeProbes(location, gone), Effect.interruptible(sweep))
}

/** Deletes what may still be there of ours. */
const tidy = ({ store, written }: Work): Effect.Effect<void> =>
  Effect.forEach(
    [...written],
    (name) =>
      store.delete(name).pipe(
        Effect.tap(() => Effect.sync(() => written.delete(name))),
        Effect.timeoutFail({
          duration: TIDY,
          onTimeout: () => new StoreError({ reason: "TimedOut", operation: "delete", subject: name })
        }),
        Effect.interruptible,
        Effect.exit,
        Effect.flatMap((exit) =>
          Exit.isSuccess(exit)
            ? Effect.void
            : Effect.logWarning(`${name}, which the check wrote, could not be deleted: ${reasonOf(exit.cause)}`)
        )
      ),
    { concurrency: "unbounded", discard: true }
  )

const reasonOf = (cause: Cause.Cause<StoreError>): string =>
  Option.match(Cause.failureOption(cause), { onNone: () => "interrupted", onSome: ({ reason }) => reason })
