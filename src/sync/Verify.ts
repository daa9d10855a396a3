/**
 * `hx sync verify`: reads every object of the vault and proves it.
 *
 *     LIST everything → vault.json → every manifest → every segment that one of them names, once → what is left in the store and named by none
 *
 * Proved of each object: that it is authentic, of this vault, device, kind and name; that it decodes; sizes, counts and SHA-256 as its manifest has
 * them; first and last operation, without gaps; the running hash of the log at every boundary; that our own log is that of the local database, and
 * that what is applied of the others is here; that no manifest is older than what this device or any other has seen.
 *
 * It changes nothing, here or there, unless it is to repair: but for what this device remembers: requests, the vault.json that it proved,
 * and, for status, what it came to.
 *
 * Requests: one LIST for each 1,000 objects (and one for uploads in parts, on S3), one GET for each object that is part of the vault. More only where
 * something is wrong, or is published meanwhile.
 */

import { Clock, Effect } from "effect"
import { underLock } from "./DeviceLock.ts"
import { readingSession, settledSession } from "./KeyRotation.ts"
import { refuseWithoutNewKey } from "./KnownVault.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { proveCurrent } from "./VaultDescriptorFetch.ts"
import { notePush, noteVerify } from "./Outcome.ts"
import { NotProved } from "./SyncError.ts"
import type { Finding } from "./VerifyFinding.ts"
import { leftoversIn } from "./VerifyLeftovers.ts"
import { type Listing, listVault } from "./VerifyListing.ts"
import { readManifests } from "./VerifyManifests.ts"
import { repair } from "./VerifyRepair.ts"
import { isRepaired, type VerifyReport } from "./VerifyReport.ts"
import { proveLogs } from "./VerifySegments.ts"
import { VaultSession } from "./VaultSession.ts"

export interface VerifyOptions {
  readonly repair: boolean
}

/** What was found is in the report; see failOnFindings. */
export const runVerify = (options: VerifyOptions) =>
  underLock(
    Effect.gen(function* () {
      yield* refuseWithoutNewKey
      // A rotation that was interrupted is finished by what writes anyway.
      const session = yield* options.repair ? settledSession : readingSession
      const report = yield* Effect.provideService(verify(options), VaultSession, session)
      yield* noteVerify(report)
      const pushed = report.repaired?.pushed ?? null
      if (pushed?.published === true) yield* notePush(pushed)
      return report
    }).pipe(Effect.provide(VaultSession.layer))
  )

/** The caller holds the device lock. */
export const verify = Effect.fn("Verify.run")(function* (options: VerifyOptions) {
  const { binding, store } = yield* VaultSession
  const begun = yield* Clock.currentTimeMillis
  const listing = yield* listVault
  const vault = yield* proveVault(listing)
  const manifests = yield* readManifests(listing.manifests)
  const proved = yield* proveLogs(manifests.logs)
  const leftovers = yield* leftoversIn(listing, manifests, proved.named)
  const findings = [...vault, ...manifests.findings, ...proved.findings]
  const repaired = options.repair ? yield* repair(listing, manifests, findings, proved, leftovers) : null
  return {
    store: store.display,
    vaultId: binding.vaultId,
    findings,
    leftovers,
    behind: manifests.behind,
    objects: { vault: vault.length === 0 ? 1 : 0, manifests: manifests.read, segments: proved.read },
    bytes: (vault.length === 0 ? (listing.vault?.size ?? 0) : 0) + manifests.bytes + proved.bytes,
    entries: proved.entries,
    devices: new Set(manifests.logs.map(({ device }) => device)).size,
    milliseconds: (yield* Clock.currentTimeMillis) - begun,
    repaired
  } satisfies VerifyReport as VerifyReport
})

/** Once the report has been shown: what is wrong, and was not repaired, makes the command fail. */
export const failOnFindings = Effect.fnUntraced(function* (report: VerifyReport) {
  const findings = report.findings.filter((finding) => !isRepaired(report, finding))
  if (findings.length > 0)
    return yield* new NotProved({ store: report.store, findings, repaired: report.repaired !== null })
})

/** vault.json is proved with the key of this device. Where it cannot be, the rest can all the same. Another vault's, or a later key, ends all. */
const proveVault = Effect.fnUntraced(function* ({ vault }: Listing) {
  const found = (detail: string, more: Partial<Finding>): ReadonlyArray<Finding> => [
    {
      kind: "vault",
      name: VAULT_DESCRIPTOR,
      device: null,
      label: "",
      published: null,
      detail,
      gap: null,
      entries: 0,
      held: null,
      remedy: "backup",
      ...more
    }
  ]
  return yield* proveCurrent.pipe(
    Effect.map((): ReadonlyArray<Finding> => []),
    Effect.catchTags({
      ManifestCorrupt: (error) =>
        Effect.succeed(
          vault === null ? found("it is gone: no device can join", { remedy: "init" }) : found(error.detail, {})
        ),
      StoreError: (error) => {
        if (error.reason === "TooLarge") return Effect.succeed(found(error.detail ?? "it is too large", {}))
        if (error.reason !== "Archived") return Effect.fail(error)
        const archived = { archive: error.archive ?? null, bytes: vault?.size ?? 0, asked: null }
        return Effect.succeed(found(error.message, { kind: "archived", remedy: "restore", archived }))
      }
    })
  )
})
