/** The store URL that the user has set, as a variable or in config.yaml. What is wrong with it is told with the place it was set in. */

import { Effect, Either, Option } from "effect"
import { Paths } from "../platform/Paths.ts"
import { Settings } from "../platform/Settings.ts"
import { Store } from "../platform/SyncSettings.ts"
import { parseStoreUrl, type StoreUrl, StoreUrlError } from "../store/StoreUrl.ts"

export const storeSetting = Effect.gen(function* () {
  const { configFile, home, workingDirectory } = yield* Paths
  const settings = yield* Settings
  const { setting, source, value } = yield* settings.resolve(Store)
  if (Option.isNone(value)) return Option.none<StoreUrl>()
  const name = source === "file" ? `${setting.key} in ${configFile}` : setting.variable
  return yield* parseStoreUrl(value.value, { home, workingDirectory }).pipe(
    Either.mapBoth({
      onLeft: ({ next, what, where }) => new StoreUrlError({ what, where: `${name}, ${where}`, next }),
      onRight: Option.some
    })
  )
})
