/**
 * What `hx config` does and says. A bad value is shown with the form it should have, and the others all the same: the command ends with the error of
 * the first bad one (exit code 2). Nothing is opened or made.
 *
 * With --json: `settings` [{`variable`, `key` (in config.yaml; null: it has no place there), `value` (null: not set, or a secret), `source`
 * (`environment`, `file`, `default`), `form`, `problem` (null: none)}], `environment` [{`variable`, `value` (null: a secret)}], `unknown`
 * [{`variable`, `nearest`}], `places` [{`what`, `path`, `source`, `exists`}].
 */

import { Cause, Effect, Either, Layer, Option } from "effect"
import { existsSync } from "node:fs"
import type { ConfigFileError } from "../../../platform/ConfigFile.ts"
import { Paths } from "../../../platform/Paths.ts"
import { HIDDEN, type Setting, UNSET } from "../../../platform/Setting.ts"
import { type SettingError, Settings, type SettingSource } from "../../../platform/Settings.ts"
import * as SyncSettings from "../../../platform/SyncSettings.ts"
import { unknownVariables } from "../../../platform/UnknownVariables.ts"
import { formatLocation, type StoreUrlError } from "../../../store/StoreUrl.ts"
import { reportOf } from "../../ErrorReport.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { isPlainlyPath, withoutSecrets } from "../../Secrets.ts"
import { storeSetting } from "../../StoreSetting.ts"
import { table } from "../../Table.ts"
import { type Place, places, type ShownVariable, surroundings } from "./ConfigSurroundings.ts"

export const run = () => Effect.provide(lookAndTell, Layer.provideMerge(Settings.layer, Paths.layer))

interface Row {
  readonly setting: Setting<unknown>
  readonly source: SettingSource
  readonly shown: string
  readonly error: BadSetting | undefined
}

type BadSetting = SettingError | ConfigFileError | StoreUrlError

const lookAndTell = Effect.gen(function* () {
  const output = yield* Output
  const rows = yield* Effect.forEach(SyncSettings.ALL, rowOf)
  const variables = yield* surroundings
  const where = yield* places
  const unknown = yield* unknownVariables
  const sections = [
    yield* settingsTable(rows),
    ...(variables.length === 0 ? [] : [yield* variablesTable(variables)]),
    yield* placesTable(where)
  ]
  yield* output.result(
    {
      settings: rows.map(rowJson),
      environment: variables.map(({ shown, variable }) => ({ variable, value: orNull(shown) })),
      unknown: unknown.map((each) => ({ variable: each.variable, nearest: each.nearest ?? null })),
      places: where.map((place) => ({ ...place }))
    },
    () => sections.join("\n\n")
  )
  const [bad] = rows.flatMap(({ error }) => error ?? [])
  if (bad !== undefined) return yield* bad
})

const rowOf = (setting: Setting<unknown>) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const found = yield* Effect.either(settings.resolve(setting))
    if (Either.isLeft(found)) return badRow(setting, found.left)
    const { shown, source } = found.right
    const row: Row = { setting, source, shown: mayBeSecret(setting, shown) ? HIDDEN : shown, error: undefined }
    return setting.variable === SyncSettings.Store.variable && shown === HIDDEN ? yield* withStore(row) : row
  })

/** A passphrase may have been given where the file that holds it belongs. */
const mayBeSecret = ({ variable }: Setting<unknown>, shown: string): boolean =>
  FILES_OF_SECRETS.has(variable) && shown !== UNSET && !isPlainlyPath(shown) && !existsSync(shown)

const FILES_OF_SECRETS: ReadonlySet<string> = new Set([
  SyncSettings.KeyFile.variable,
  SyncSettings.PassphraseFile.variable
])

const badRow = (setting: Setting<unknown>, error: SettingError | ConfigFileError): Row => {
  if (error._tag === "ConfigFileError") return { setting, source: "file", shown: UNSET, error }
  return { setting, source: error.setting === setting.variable ? "environment" : "file", shown: error.value, error }
}

/** A store URL without its secrets. */
const withStore = (row: Row) =>
  Effect.match(storeSetting, {
    onFailure: (error): Row => ({ ...row, error }),
    onSuccess: Option.match({
      onNone: () => row,
      onSome: ({ credentials, location }): Row => ({
        ...row,
        shown: `${formatLocation(location)}${Option.isSome(credentials) ? " (with keys, not shown)" : ""}`
      })
    })
  })

const settingsTable = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
  const { styled } = yield* Output
  const anyBad = rows.some(({ error }) => error !== undefined)
  return yield* table(
    [{ title: "Setting" }, { title: "Value" }, { title: "From" }, ...(anyBad ? [{ title: "Problem" }] : [])],
    rows.map((row) => [
      row.setting.variable,
      row.error === undefined ? clean(row.shown) : styled("red", clean(row.shown)),
      row.source === "file" ? `file, ${row.setting.key ?? ""}` : row.source,
      ...(anyBad ? [row.error === undefined ? "" : styled("red", problemOf(row.error))] : [])
    ])
  )
})

const variablesTable = (variables: ReadonlyArray<ShownVariable>) =>
  table(
    [{ title: "Variable" }, { title: "Value", whole: true }],
    variables.map(({ shown, variable }) => [printable(variable), clean(shown)])
  )

const placesTable = (where: ReadonlyArray<Place>) =>
  table(
    [{ title: "Place" }, { title: "From" }, { title: "Path", whole: true }],
    where.map(({ exists, path, source, what }) => [what, source, `${clean(path)}${exists ? "" : " (not there yet)"}`])
  )

/** The last guard: whoever set a path to a key need not see it on the screen. */
const clean = (text: string): string => printable(withoutSecrets(text))

/** In a few words; the error at the end says the rest. */
const problemOf = (error: BadSetting): string => {
  if (error._tag === "SettingError") return `should be ${error.form}`
  const { hint, subject, what } = reportOf(Cause.fail(error))
  return clean(error._tag === "ConfigFileError" ? `not read: ${subject}` : `${what}. ${hint}`)
}

const rowJson = ({ error, setting, shown, source }: Row) => ({
  variable: setting.variable,
  key: setting.key ?? null,
  value: orNull(shown),
  source,
  form: setting.form,
  problem: error === undefined ? null : problemOf(error)
})

const orNull = (shown: string): string | null => (shown === UNSET || shown === HIDDEN ? null : withoutSecrets(shown))
