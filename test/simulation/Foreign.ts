/**
 * Objects of another vault, as its own device made them; once for all schedules, before the first of them begins and by a clock that stands still, so
 * that no schedule depends on which was played before it.
 */

import { Clock, Effect, Layer, Option } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { importedId } from "../../src/domain/EntryId.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { pathsAt, Paths } from "../../src/platform/Paths.ts"
import { Progress } from "../../src/platform/Progress.ts"
import { makeMemoryBucket } from "../../src/store/MemoryObjectStore.ts"
import { RequestLog } from "../../src/store/RequestLog.ts"
import { Stores } from "../../src/store/Stores.ts"
import { folderLocation, formatLocation } from "../../src/store/StoreUrl.ts"
import { DeviceLock } from "../../src/sync/DeviceLock.ts"
import { init } from "../../src/sync/Init.ts"
import { AskForKey } from "../../src/sync/JoinKey.ts"
import { StoredCredentials } from "../../src/sync/StoredCredentials.ts"
import { runPush } from "../../src/sync/Sync.ts"
import { DEFAULT_TUNING, SyncTuning } from "../../src/sync/SyncTuning.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"

/** What nobody of our vault may ever come to know. */
export const FOREIGN_COMMAND = "another vault's command"

type Objects = ReadonlyArray<{ readonly name: string; readonly bytes: Uint8Array }>

let made: Promise<Objects> | undefined

export const foreignObjects = (): Promise<Objects> => (made ??= Effect.runPromise(make)) // schedules, on a scheduler of their own, find it done

const make = Effect.gen(function* () {
  const bucket = makeMemoryBucket()
  const location = folderLocation("/elsewhere")
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* init({
        url: { location, credentials: Option.none() },
        secrets: { key: Option.none(), passphrase: Option.none() },
        noEncrypt: false,
        device: Option.none()
      })
      const { device, log } = yield* HistoryDb
      const own = yield* device.id
      for (let second = 1_600_000_000; second < 1_600_000_020; second++) {
        const command = `${FOREIGN_COMMAND} ${second}`
        const entry = {
          id: importedId(second * 1e6, command, 0),
          start: second * 1e6,
          command,
          origin: "import:zsh",
          device: own
        }
        yield* log.record([{ ...UNKNOWN, ...entry, ordinal: 0 }])
      }
      yield* runPush({ force: false })
    }).pipe(Effect.provide(services(bucket, formatLocation(location))))
  ).pipe(Effect.orDie)
  return [...bucket.objects].map(([name, { bytes }]) => ({ name, bytes }))
}).pipe(Effect.withClock(standing()))

const UNKNOWN = { duration: null, exit: null, cwd: null, session: null, host: null, user: null, shell: null }

const services = (bucket: ReturnType<typeof makeMemoryBucket>, location: string) =>
  Layer.mergeAll(
    Layer.provideMerge(Stores.layerMemory({ registry: new Map([[location, bucket]]) }), RequestLog.layer),
    Layer.provideMerge(HistoryDb.layerMemory, Entropy.layerSeeded("another vault")),
    VaultKeys.layerMemory,
    StoredCredentials.layerNone,
    DeviceLock.layerNone,
    AskForKey.nobody,
    Progress.layerSilent,
    Layer.succeed(Paths, pathsAt({ data: "/data", config: "/config", home: "/", workingDirectory: "/" })),
    Layer.succeed(SyncTuning, { ...DEFAULT_TUNING, compression: false, inlineTail: 64 })
  )

/** Function declaration: `make` above needs it. */
function standing(): Clock.Clock {
  const now = 1_700_000_000_000
  return {
    ...Clock.make(),
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.succeed(now),
    currentTimeNanos: Effect.succeed(BigInt(now) * 1_000_000n)
  }
}
