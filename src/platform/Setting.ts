/**
 * One thing that users may set: its variable, its place in config.yaml, the form of its text and what it is when nobody sets it.
 * Constructors only; the table of all settings is SyncSettings.ts, reading them is Settings.ts.
 */

import { Duration, Option, Redacted } from "effect"
import { DURATION_FORM, formatDuration, parseDuration } from "./Durations.ts"
import { formatSize, parseSize, SIZE_FORM } from "./Sizes.ts"

export interface Setting<A> {
  /** "HX_SYNC_TIMEOUT" */
  readonly variable: string
  /** "sync.timeout" in config.yaml; undefined where a file is no place for it (secrets). */
  readonly key: string | undefined
  /** For messages: "a duration such as …, between … and …". */
  readonly form: string
  readonly parse: (text: string) => Option.Option<A>
  readonly fallback: A
  /** For people: never a secret. */
  show(value: A): string
  readonly secret: boolean
  /** Whether config.yaml may have a list of it. */
  readonly list?: boolean
}

/** Shown for what is not set. */
export const UNSET = "–"

/** Shown for a secret that is set. */
export const HIDDEN = "(set, not shown)"

type Named = Pick<Setting<unknown>, "variable" | "key">

export const durationSetting = (
  names: Named,
  fallback: Duration.Duration,
  least: Duration.Duration,
  most: Duration.Duration
): Setting<Duration.Duration> => ({
  ...names,
  form: `${DURATION_FORM}, from ${formatDuration(least)} to ${formatDuration(most)}`,
  parse: (text) => Option.filter(parseDuration(text), Duration.between({ minimum: least, maximum: most })),
  fallback,
  show: formatDuration,
  secret: false
})

export const sizeSetting = (names: Named, fallback: number, least: number, most: number): Setting<number> => ({
  ...names,
  form: `${SIZE_FORM}, from ${formatSize(least)} to ${formatSize(most)}`,
  parse: (text) => Option.filter(parseSize(text), (value) => value >= least && value <= most),
  fallback,
  show: formatSize,
  secret: false
})

export const countSetting = (names: Named, fallback: number, least: number, most: number): Setting<number> => ({
  ...names,
  form: `a whole number from ${least} to ${most}`,
  parse: (text) =>
    Option.filter(
      Option.liftPredicate((word: string) => /^\d{1,9}$/.test(word))(text.trim()).pipe(Option.map(Number)),
      (value) => value >= least && value <= most
    ),
  fallback,
  show: String,
  secret: false
})

/** An amount of US dollars, as prices are given: "0.023", or "0" for what costs nothing. At most nine decimals. */
export const moneySetting = (names: Named, fallback: number): Setting<number> => ({
  ...names,
  form: "an amount in US dollars such as 0.023, from 0 to 1000",
  parse: (text) =>
    Option.filter(
      Option.liftPredicate((word: string) => /^\d{1,4}(\.\d{1,9})?$/.test(word))(text.trim()).pipe(Option.map(Number)),
      (value) => value <= 1000
    ),
  fallback,
  // String(0.0000001) is "1e-7", which is not the form.
  show: (value) => value.toFixed(9).replace(/\.?0+$/, ""),
  secret: false
})

export const flagSetting = (names: Named, fallback: boolean): Setting<boolean> => ({
  ...names,
  form: "true or false",
  parse: (text) => {
    const word = text.trim().toLowerCase()
    return word === "true" || word === "false" ? Option.some(word === "true") : Option.none()
  },
  fallback,
  show: String,
  secret: false
})

/** One of a few words; the first is what it is where nobody says. */
export const choiceSetting = <const A extends string>(
  names: Named,
  words: readonly [A, ...ReadonlyArray<A>]
): Setting<A> => ({
  ...names,
  form: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
  parse: (text) => Option.fromNullable(words.find((word) => word === text.trim().toLowerCase())),
  fallback: words[0],
  show: (word) => word,
  secret: false
})

/** A setting that may be left out altogether. */
export const optionalSetting = <A>(setting: Setting<A>, form = setting.form): Setting<Option.Option<A>> => ({
  ...setting,
  form,
  parse: (text) => Option.map(setting.parse(text), Option.some),
  fallback: Option.none(),
  show: Option.match({ onNone: () => UNSET, onSome: setting.show })
})

export const textSetting = (names: Named, form: string): Setting<Option.Option<string>> =>
  optionalSetting<string>({ ...names, form, parse: Option.some, fallback: "", show: (text) => text, secret: false })

export const secretSetting = (variable: string, form: string): Setting<Option.Option<Redacted.Redacted>> =>
  optionalSetting<Redacted.Redacted>({
    variable,
    key: undefined,
    form,
    parse: (text) => Option.some(Redacted.make(text)),
    fallback: Redacted.make(""),
    show: () => HIDDEN,
    secret: true
  })

/** Several texts: one a line in a variable, a list in config.yaml. */
export const listSetting = (names: Named, form: string): Setting<ReadonlyArray<string>> => ({
  ...names,
  form,
  parse: (text) =>
    Option.some(
      text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
    ),
  fallback: [],
  show: (lines) => (lines.length === 0 ? UNSET : lines.join(", ")),
  secret: false,
  list: true
})
