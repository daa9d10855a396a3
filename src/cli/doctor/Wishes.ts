/** What `hx doctor` looks at in what the user has set: config.yaml, and variables that mean nothing. */

import { Effect, Either, Option } from "effect"
import type { Paths } from "../../platform/Paths.ts"
import { Settings } from "../../platform/Settings.ts"
import { ALL } from "../../platform/SyncSettings.ts"
import { unknownVariables } from "../../platform/UnknownVariables.ts"
import { found, warning } from "../../store/Checks.ts"
import { storeSetting } from "../StoreSetting.ts"
import { counted } from "../Units.ts"
import { type Look, ofError } from "./Look.ts"

const settings: Look<Settings | Paths> = {
  id: "settings",
  needs: [],
  run: Effect.gen(function* () {
    const service = yield* Settings
    const read = yield* Effect.forEach(ALL, (setting) => Effect.either(service.resolve(setting)))
    const store = yield* Effect.either(storeSetting)
    const bad = read.flatMap((each) => (Either.isLeft(each) ? [each.left] : []))
    const [first] = [...bad, ...Option.toArray(Either.getLeft(store))]
    if (first !== undefined) return yield* Effect.fail(ofError(first))
    const set = read.filter((each) => Either.isRight(each) && each.right.source !== "default")
    return found(
      set.length === 0 ? "all at their defaults" : `${counted(set.length, "setting")} made: hx config shows them`
    )
  })
}

const variables: Look = {
  id: "variables",
  needs: [],
  run: Effect.map(unknownVariables, (unknown) =>
    unknown.length === 0
      ? found("none that hx does not know")
      : warning(unknown.map(({ message }) => message).join("; "), "Correct the name, or unset it.")
  )
}

export const wishes: ReadonlyArray<Look<Settings | Paths>> = [settings, variables]
