/** What `hx doctor` looks at in sync: the store, its key, whether it can be reached, what waits, and what went wrong last. */

import { Clock, Duration, Effect, Option, Ref } from "effect"
import type { Finding } from "../../store/Checks.ts"
import { type Found, found, skipped, warning } from "../../store/Checks.ts"
import { fingerprintOf } from "../../format/RecoveryKey.ts"
import { check, type CheckError } from "../../sync/Check.ts"
import { checkTarget } from "../../sync/CheckTarget.ts"
import { knownVault, refuseWithoutNewKey } from "../../sync/KnownVault.ts"
import { pending } from "../../sync/Push.ts"
import * as SyncState from "../../sync/SyncState.ts"
import { VaultKeys } from "../../sync/VaultKeys.ts"
import { pendingLines } from "../commands/sync/run/Push.ts"
import { isOver } from "../commands/sync/run/StatusRows.ts"
import { printable } from "../Printable.ts"
import { rememberedDetail, rememberedError } from "../RememberedError.ts"
import { momentText } from "../Units.ts"
import { ofError } from "./Look.ts"

const STORE = "store"
const NOT_SET_UP = "not set up; to keep devices in step: hx sync init"

/** In the order in which they are told. With `offline` nobody is asked anything. */
export const syncing = (offline: boolean) => [
  { id: STORE, needs: [], run: store },
  { id: "vault key", needs: [STORE], run: key },
  { id: "store answers", needs: [STORE], run: offline ? Effect.succeed(skipped("--offline")) : answers },
  { id: "pending", needs: [STORE], run: waits },
  { id: "last error", needs: [STORE], run: lastError }
]

const whenBound = <E, R>(look: (binding: SyncState.StoreBinding) => Effect.Effect<Found, E, R>) =>
  Effect.flatMap(
    Effect.mapError(SyncState.binding.get, ofError),
    Option.match({ onNone: () => Effect.succeed(skipped("no store is set up")), onSome: look })
  )

const store = Effect.map(
  Effect.mapError(SyncState.binding.get, ofError),
  Option.match({
    onNone: () => found(NOT_SET_UP),
    onSome: ({ location, vaultId }) => found(`${printable(location)}, vault ${fingerprintOf(vaultId)}`)
  })
)

const key = whenBound((binding) =>
  Effect.gen(function* () {
    const keys = yield* VaultKeys
    const { encrypted, vaultId } = binding
    const { epoch } = yield* Effect.mapError(keys.keyring(vaultId, encrypted), ofError)
    if (!encrypted) return found("none: this vault is NOT ENCRYPTED, as it was made")
    yield* Effect.mapError(refuseWithoutNewKey, ofError)
    const known = yield* Effect.mapError(knownVault(binding), ofError)
    const rotated = known !== null && known.epoch > 1 ? `, rotated on ${known.since.slice(0, 10)}` : ""
    const detail = `${epoch === 1 ? "" : `number ${epoch}${rotated}, `}in ${keys.location(vaultId)}`
    return Option.isSome(yield* Effect.mapError(keys.next(vaultId), ofError))
      ? warning(`${detail}; a rotation of it was interrupted`, "Finish it: hx sync key rotate")
      : found(detail)
  })
)

/** As far as the first list, and the clock. */
const answers = whenBound(() =>
  Effect.gen(function* () {
    const target = yield* Effect.mapError(checkTarget(Option.none(), Option.none()), ofError)
    const told = yield* Ref.make<ReadonlyArray<Finding<CheckError>>>([])
    const findings = yield* Effect.mapError(
      check(target, "reaching", (finding) => Ref.update(told, (all) => [...all, finding])),
      ofError
    )
    const failed = findings.find(({ outcome }) => outcome === "failed")
    if (failed?.error !== undefined) {
      const { cure = "For more: hx sync check", detail, error } = failed
      return yield* Effect.fail({ ...ofError(error), cure, ...(detail === undefined ? {} : { detail }) })
    }
    const hint = findings.find(({ outcome }) => outcome === "warning")
    if (hint !== undefined) return warning(hint.detail ?? "", hint.cure ?? "For more: hx sync check")
    const list = findings.find(({ id }) => id === "list")
    return found(`a list in ${Math.max(1, Math.round(list?.millis ?? 0))} ms`)
  })
)

/** How long what was recorded may wait for a push before that is worth a word. */
const PATIENCE = Duration.days(7)

const waits = whenBound(({ joined }) =>
  Effect.gen(function* () {
    const waiting = pendingLines(yield* Effect.mapError(pending, ofError))
    if (waiting.length === 0) return found("nothing: all is published")
    const { lastPush: since } = yield* Effect.mapError(SyncState.activityOrNone, ofError)
    const age = (yield* Clock.currentTimeMillis) * 1000 - (since ?? joined)
    const detail = `${waiting.join("; ")}; last pushed: ${since === null ? "never" : momentText(since)}`
    return age > Duration.toMillis(PATIENCE) * 1000 ? warning(detail, "Publish it: hx sync") : found(detail)
  })
)

/** Of errors that trying again cannot mend, by the tag that sync remembers them by. */
const cures: ReadonlyMap<string, string> = new Map([
  ["DeviceRetired", "Come back under a new id, with all its history: hx sync init, then hx sync"],
  ["VaultKeyRotated", "Take the new recovery key: hx sync init --key-file FILE, then hx sync"],
  ["SequenceConflict", 'Read everything again: "hx sync pull --force"; or publish above it: "hx sync push --force"']
])

const lastError = whenBound(() =>
  Effect.map(Effect.mapError(SyncState.activityOrNone, ofError), (activity) => {
    const { lastError: error } = activity
    if (error === null) return found("none")
    const detail = rememberedDetail(error)
    const words = `${momentText(error.at)}  ${rememberedError(error).what}${detail === "" ? "" : `: ${detail}`}`
    if (isOver(activity)) return found(`${words}; ${error.during ?? "sync"} has succeeded since`)
    return warning(words, cures.get(error.tag) ?? "Try again: hx sync; if it stays so: hx sync check")
  })
)
