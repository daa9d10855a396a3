/**
 * Credentials that came in a store URL: they go to one 0600 file and are shown nowhere again. Keyed by the store's location without secrets, so that
 * several stores keep theirs apart; and without region and path style, which change how a bucket is asked but not whose it is.
 */

import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Paths } from "../platform/Paths.ts"
import { PrivateFileError, readPrivate, writePrivate } from "../platform/PrivateFile.ts"
import { formatLocation, type StoreCredentials, type StoreLocation } from "../store/StoreUrl.ts"

const Kept = Schema.Struct({
  accessKey: Schema.String,
  secretKey: Schema.String,
  sessionToken: Schema.NullOr(Schema.String)
})
const KeptByLocation = Schema.parseJson(Schema.Record({ key: Schema.String, value: Kept }))

export interface StoredCredentialsService {
  readonly load: (location: StoreLocation) => Effect.Effect<Option.Option<StoreCredentials>, PrivateFileError>
  readonly save: (location: StoreLocation, credentials: StoreCredentials) => Effect.Effect<void, PrivateFileError>
}

export class StoredCredentials extends Context.Tag("hx/StoredCredentials")<
  StoredCredentials,
  StoredCredentialsService
>() {
  static readonly layer = Layer.effect(
    StoredCredentials,
    Effect.map(Paths, (paths) => make(paths.credentials))
  )

  /** Keeps nothing; for stores that need no credentials. */
  static readonly layerNone = Layer.succeed(StoredCredentials, {
    load: () => Effect.succeed(Option.none()),
    save: () => Effect.void
  })
}

const FOREIGN = "it is not what hx wrote; remove it and run hx sync init again"

const make = (path: string): StoredCredentialsService => {
  const readAll = Effect.gen(function* () {
    const bytes = yield* readPrivate(path)
    if (Option.isNone(bytes)) return {} satisfies typeof KeptByLocation.Type as typeof KeptByLocation.Type
    return yield* Schema.decode(KeptByLocation)(Buffer.from(bytes.value).toString("utf8")).pipe(
      // The parser's own words would repeat what the file says.
      Effect.mapError(() => new PrivateFileError({ reason: "Failed", path, remedy: FOREIGN }))
    )
  })
  return {
    load: Effect.fn("StoredCredentials.load")(function* (location) {
      const kept = (yield* readAll)[keyOf(location)]
      return Option.map(Option.fromNullable(kept), reveal)
    }),
    save: Effect.fn("StoredCredentials.save")(function* (location, credentials) {
      const all = { ...(yield* readAll), [keyOf(location)]: conceal(credentials) }
      yield* writePrivate(path, `${Schema.encodeSync(KeptByLocation)(all)}\n`)
    })
  }
}

const keyOf = (location: StoreLocation): string =>
  formatLocation(location._tag === "S3" ? { ...location, region: Option.none(), pathStyle: Option.none() } : location)

const reveal = (kept: typeof Kept.Type): StoreCredentials => ({
  accessKey: Redacted.make(kept.accessKey),
  secretKey: Redacted.make(kept.secretKey),
  sessionToken: Option.map(Option.fromNullable(kept.sessionToken), Redacted.make)
})

const conceal = (credentials: StoreCredentials): typeof Kept.Type => ({
  accessKey: Redacted.value(credentials.accessKey),
  secretKey: Redacted.value(credentials.secretKey),
  sessionToken: Option.getOrNull(Option.map(credentials.sessionToken, Redacted.value))
})
