/** What `hx sync init` does and says. */

import { Effect, Either, Option } from "effect"
import { HistoryDb } from "../../../../db/HistoryDb.ts"
import { hostName } from "../../../../platform/HostName.ts"
import { Paths } from "../../../../platform/Paths.ts"
import { folderLocation, parseStoreUrl, quotingHint, type StoreUrl } from "../../../../store/StoreUrl.ts"
import { RESTORED_DAYS } from "../../../../store/ArchiveClass.ts"
import { StoreError } from "../../../../store/StoreError.ts"
import { hoursText } from "../../../../sync/Archived.ts"
import { RESTORE } from "../../../../sync/ClassPrices.ts"
import { restoreToJoin } from "../../../../sync/Restore.ts"
import { underLock } from "../../../../sync/DeviceLock.ts"
import { init, type InitOptions } from "../../../../sync/Init.ts"
import * as SyncState from "../../../../sync/SyncState.ts"
import { checkName } from "../../../DeviceName.ts"
import { Output } from "../../../Output.ts"
import { storeSetting } from "../../../StoreSetting.ts"
import { services, wishes } from "../../../SyncLayers.ts"
import { counted } from "../../../Units.ts"
import { UsageError } from "../../../UsageError.ts"
import { givenSecrets, type SecretOptions } from "./GivenSecrets.ts"
import { initJson, initText } from "./InitReport.ts"

export interface InitGiven extends SecretOptions {
  readonly store: Option.Option<string>
  readonly noEncrypt: boolean
  readonly restore: boolean
  readonly device: Option.Option<string>
}

/** Everything the user said is read, and refused where it cannot be, before anything is opened. */
export const run = (given: InitGiven) =>
  Effect.gen(function* () {
    const output = yield* Output
    const url = yield* chosenStore(given.store)
    const device = yield* Effect.transposeMapOption(given.device, (name) => checkName(name, "--device"))
    const secrets = yield* givenSecrets(given)
    if (given.noEncrypt) yield* refuseSecrets(secrets)
    const ready = { secrets, noEncrypt: given.noEncrypt, restore: given.restore, device }
    const outcome = yield* Effect.provide(underLock(joinOrFound(url, ready)), services).pipe(
      // Where the environment has what the URL lacks, nothing needs to be said.
      Effect.tapError(() => Effect.transposeMapOption(Option.flatMap(url, quotingHint), noteOf))
    )
    if (!outcome.report.encrypted) yield* Effect.logWarning(NOT_ENCRYPTED)
    yield* output.result(initJson(outcome), () => initText(outcome, output).join("\n"))
  }).pipe(Effect.provide(wishes))

/** The URL of the option or the setting; none where neither is there. */
const chosenStore = Effect.fnUntraced(function* (option: Option.Option<string>) {
  if (Option.isNone(option)) return yield* storeSetting
  const { home, workingDirectory } = yield* Paths
  return Option.some(yield* parseStoreUrl(option.value, { home, workingDirectory }))
})

/** Without a URL: the store in use, else a folder beside the history. */
const joinOrFound = Effect.fnUntraced(function* (
  chosen: Option.Option<StoreUrl>,
  options: Pick<InitOptions, "secrets" | "noEncrypt" | "device"> & { readonly restore: boolean }
) {
  const db = yield* HistoryDb
  const url = Option.isSome(chosen) ? chosen.value : yield* storeInUse
  const device = Option.isNone(options.device) && (yield* db.device.label) === "" ? yield* machineName : options.device
  const report = yield* init({ ...options, url, device }).pipe(
    Effect.catchIf(
      (error): error is StoreError => error instanceof StoreError && error.reason === "Archived" && options.restore,
      (error) => askForVault(url, error)
    )
  )
  return { report, device: { id: yield* db.device.id, label: yield* db.device.label } }
})

/** Joining fails all the same, for hours: what has been asked for is told with that. */
const askForVault = Effect.fnUntraced(function* (url: StoreUrl, archived: StoreError) {
  const asked = yield* restoreToJoin(url, archived)
  if (Option.isSome(asked.failure)) return yield* asked.failure.value
  const { archive = "GLACIER", subject } = archived
  const detail = `asked for ${counted(asked.started + asked.underWay, "object")}; they can be read ${hoursText(RESTORE[archive].hours)} after asking, for ${RESTORED_DAYS} days`
  return yield* new StoreError({ reason: "Archived", operation: "restore", subject, archive, detail })
})

const storeInUse = Effect.gen(function* () {
  const { defaultStore, home, workingDirectory } = yield* Paths
  const bound = Option.flatMap(yield* SyncState.binding.get, ({ location }) =>
    Either.getRight(parseStoreUrl(location, { home, workingDirectory }))
  )
  return Option.getOrElse(bound, (): StoreUrl => ({
    location: folderLocation(defaultStore),
    credentials: Option.none()
  }))
})

const machineName = Effect.map(hostName, (name) => Option.filter(Option.some(name), (text) => text !== ""))

const refuseSecrets = ({ key, passphrase }: InitOptions["secrets"]) =>
  Option.match(
    Option.orElse(key, () => passphrase),
    {
      onNone: () => Effect.void,
      onSome: ({ source }) =>
        Effect.fail(
          new UsageError({
            what: "A vault without encryption has no key and no passphrase",
            subject: `--no-encrypt, and ${source}`,
            hint: "Leave one of them out."
          })
        )
    }
  )

const noteOf = (hint: string) => Effect.logInfo(`Note: ${hint}.`)

const NOT_ENCRYPTED =
  "THIS VAULT IS NOT ENCRYPTED. Whoever can read the store can read every command in it, secrets typed by mistake included."
