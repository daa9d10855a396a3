/** Environment variables, read through Effect's Config so that tests can give their own. An empty variable is an unset one, as for most tools. */

import { Config, ConfigProvider, Effect, Option } from "effect"

export const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.string(name).pipe(
    Config.option,
    Effect.map(Option.filter((text) => text !== "")),
    // The only failures are of other providers than the environment, and mean what absence means.
    Effect.orElseSucceed(() => Option.none<string>())
  )

/** The first of these that is set. */
export const firstVariable = (names: ReadonlyArray<string>): Effect.Effect<Option.Option<string>> =>
  Effect.reduce(names, Option.none<string>(), (found, name) =>
    Option.isSome(found) ? Effect.succeed(found) : variable(name)
  )

/** The names of all variables that are set, as `variable` means it; of this process, whatever provider is in use. */
export const variableNames: Effect.Effect<ReadonlyArray<string>> = Effect.sync(() =>
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [name]))
)

/** An environment with these variables only; for tests. */
export const environment = (variables: Readonly<Record<string, string>>): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: "\0" })

/** Gives a variable to this process and those it starts, unless the user has set it; for libraries that can be told in no other way. */
export const setDefaultVariable = (name: string, value: string): Effect.Effect<void> =>
  Effect.sync(() => {
    process.env[name] ??= value
  })
