/**
 * config.yaml: a map of maps, whose leaves are the texts of settings, or lists of them where a setting takes several:
 *
 *     sync:
 *       timeout: 1m
 *       max_retries: 8
 *     capture:
 *       ignore: [ "pass *" ]
 *
 * A key that no setting has is an error: a misspelt setting that is silently ignored is worse than none.
 */

import { Data, Effect, Option } from "effect"
import type { Stats } from "node:fs"
import { readFile, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { errno } from "./Errno.ts"
import { isForeign } from "./Exposure.ts"
import { nearest } from "./Nearest.ts"

export interface ConfigFile {
  readonly path: string
  /** By dotted key. */
  readonly values: ReadonlyMap<string, string>
}

export class ConfigFileError extends Data.TaggedError("ConfigFileError")<{
  readonly path: string
  /** What is wrong with it, with the line where there is one. */
  readonly problem: string
  readonly remedy: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.path}: ${this.problem}; ${this.remedy}`
  }
}

export const emptyConfigFile: ConfigFile = { path: "", values: new Map() }

/** The file's settings; none where there is no file. `lists`: the keys that may have several values, which become lines of one text. */
export const readConfigFile = Effect.fn("ConfigFile.read")(function* (
  path: string,
  keys: ReadonlyArray<string>,
  lists: ReadonlyArray<string> = []
) {
  const text = yield* readIfThere(path)
  if (Option.isSome(text)) yield* warnOfOthers(path)
  if (Option.isNone(text)) return { ...emptyConfigFile, path }
  const document = yield* parseYaml(path, text.value)
  return { path, values: yield* flatten(path, document, keys, lists) }
})

/**
 * Settings hold no secret and open no vault, so a file that others can change is told of and read all the same. One's own group counts as oneself:
 * where the umask is 002 it has no other member.
 */
const warnOfOthers = (path: string) =>
  Effect.forEach([dirname(path), path], (each) =>
    Effect.flatMap(
      Effect.promise(() => stat(each).catch(() => undefined)),
      (found) => {
        if (found === undefined || !isOpenToOthers(found)) return Effect.void
        return Effect.logWarning(`Other users can change ${each}, and so the settings of hx: chmod go-w ${each}`)
      }
    )
  )

const isOpenToOthers = (found: Stats): boolean => {
  if (isForeign(found)) return true
  const byGroup = (found.mode & 0o020) !== 0 && found.gid !== process.getgid?.()
  return byGroup || (found.mode & 0o1002) === 0o002
}

const readIfThere = (path: string) =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) =>
      new ConfigFileError({
        path,
        problem: `cannot be read (${errno(cause)})`,
        remedy: "make it a file you can read, or remove it",
        cause
      })
  }).pipe(
    Effect.asSome,
    Effect.catchIf(
      (error) => errno(error.cause) === "ENOENT",
      () => Effect.succeedNone
    )
  )

/**
 * The parser is loaded only where there is a file to parse: it costs more than a whole `hx find`. Its warnings would go to the terminal past
 * everything that makes text safe for it, and speak of nothing that a setting needs.
 */
const parseYaml = (path: string, text: string) =>
  Effect.tryPromise({
    try: async (): Promise<unknown> =>
      (await import("yaml")).default.parse(text, { maxAliasCount: 0, logLevel: "error" }),
    catch: (cause) =>
      new ConfigFileError({
        path,
        problem: `is not YAML: ${cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : ""}`,
        remedy: "mend or remove it",
        cause
      })
  })

const flatten = Effect.fnUntraced(function* (
  path: string,
  document: unknown,
  keys: ReadonlyArray<string>,
  lists: ReadonlyArray<string>
) {
  const values = new Map<string, string>()
  const visit = (at: string, value: unknown): Effect.Effect<void, ConfigFileError> => {
    if (value === null || value === undefined) return Effect.void
    if (typeof value === "object" && !Array.isArray(value)) {
      return Effect.forEach(Object.entries(value), ([key, inner]) => visit(at === "" ? key : `${at}.${key}`, inner), {
        discard: true
      })
    }
    if (!keys.includes(at)) return Effect.fail(unknownKey(path, at, keys))
    if (Array.isArray(value) && lists.includes(at) && value.every((each) => typeof each !== "object")) {
      values.set(at, value.map(String).join("\n"))
      return Effect.void
    }
    if (Array.isArray(value)) {
      return Effect.fail(new ConfigFileError({ path, problem: `${at} is a list`, remedy: "give it one value" }))
    }
    values.set(at, String(value))
    return Effect.void
  }
  yield* visit("", document)
  return values
})

const unknownKey = (path: string, key: string, keys: ReadonlyArray<string>): ConfigFileError => {
  const near = nearest(key, keys)
  return new ConfigFileError({
    path,
    problem: key === "" ? "holds no settings" : `there is no setting ${key}`,
    remedy: near === undefined ? `the settings are ${keys.join(", ")}` : `did you mean ${near}?`
  })
}
