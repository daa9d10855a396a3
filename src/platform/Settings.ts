/**
 * What the user has set, and where: a flag beats the environment, which beats config.yaml, which beats the default. A bad value is an error
 * wherever it comes from, but only for the commands that read it.
 */

import { Context, Data, Effect, Layer, Option } from "effect"
import { type ConfigFile, type ConfigFileError, emptyConfigFile, readConfigFile } from "./ConfigFile.ts"
import { Paths } from "./Paths.ts"
import type { Setting } from "./Setting.ts"
import { ALL } from "./SyncSettings.ts"
import { unknownVariables } from "./UnknownVariables.ts"
import { variable } from "./Variables.ts"

export type SettingSource = "flag" | "environment" | "file" | "default"

export interface Resolved<A> {
  readonly setting: Setting<A>
  readonly value: A
  readonly source: SettingSource
  /** The value as people may see it. */
  readonly shown: string
}

export class SettingError extends Data.TaggedError("SettingError")<{
  /** "HX_SYNC_TIMEOUT", "sync.timeout in /home/…/config.yaml", "--timeout". */
  readonly setting: string
  /** What it was set to; "(not shown)" for a secret. */
  readonly value: string
  /** The form it should have. */
  readonly form: string
}> {
  override get message(): string {
    return `${this.setting} is ${JSON.stringify(this.value)}, but should be ${this.form}`
  }
}

export interface SettingsService {
  /** The value and where it came from; `flag` is the text of the option that overrides it. */
  readonly resolve: <A>(
    setting: Setting<A>,
    flag?: Option.Option<string>
  ) => Effect.Effect<Resolved<A>, SettingError | ConfigFileError>
  readonly get: <A>(
    setting: Setting<A>,
    flag?: Option.Option<string>
  ) => Effect.Effect<A, SettingError | ConfigFileError>
}

export class Settings extends Context.Tag("hx/Settings")<Settings, SettingsService>() {
  static readonly layer: Layer.Layer<Settings, never, Paths> = Layer.effect(
    this,
    Effect.gen(function* () {
      const paths = yield* Paths
      const keys = ALL.flatMap((setting) => setting.key ?? [])
      const lists = ALL.flatMap((setting) => (setting.list === true ? (setting.key ?? []) : []))
      yield* warnOfUnknown
      return makeSettings(variable, yield* Effect.cached(readConfigFile(paths.configFile, keys, lists)))
    })
  )

  /** Only what is given here, by variable; nothing of the machine's. */
  static readonly layerTest = (values: Readonly<Record<string, string>> = {}): Layer.Layer<Settings> =>
    Layer.succeed(
      this,
      makeSettings((name) => Effect.succeed(Option.fromNullable(values[name])), Effect.succeed(emptyConfigFile))
    )
}

const warnOfUnknown = Effect.flatMap(unknownVariables, (unknown) =>
  Effect.forEach(unknown, (each) => Effect.logWarning(each.message), { discard: true })
)

const makeSettings = (
  readVariable: (name: string) => Effect.Effect<Option.Option<string>>,
  file: Effect.Effect<ConfigFile, ConfigFileError>
): SettingsService => {
  const resolve: SettingsService["resolve"] = Effect.fn("Settings.resolve")(function* (setting, flag = Option.none()) {
    if (Option.isSome(flag)) return yield* parse(setting, "flag", `the option for ${setting.variable}`, flag.value)
    const set = yield* readVariable(setting.variable)
    if (Option.isSome(set)) return yield* parse(setting, "environment", setting.variable, set.value)
    const { path, values } = yield* file
    const written = setting.key === undefined ? undefined : values.get(setting.key)
    if (written !== undefined) return yield* parse(setting, "file", `${setting.key} in ${path}`, written)
    return { setting, value: setting.fallback, source: "default", shown: setting.show(setting.fallback) }
  })
  return { resolve, get: (setting, flag) => Effect.map(resolve(setting, flag), ({ value }) => value) }
}

const parse = <A>(
  setting: Setting<A>,
  source: SettingSource,
  name: string,
  text: string
): Effect.Effect<Resolved<A>, SettingError> =>
  Option.match(setting.parse(text), {
    onNone: () =>
      Effect.fail(
        new SettingError({ setting: name, value: setting.secret ? "(not shown)" : text, form: setting.form })
      ),
    onSome: (value) => Effect.succeed({ setting, value, source, shown: setting.show(value) })
  })
