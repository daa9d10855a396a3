/**
 * Where hx keeps things. Data: `HX_DATA_DIR`, else `$XDG_DATA_HOME/hx`, else `~/.local/share/hx`. Configuration: `HX_CONFIG_DIR`, else
 * `$XDG_CONFIG_HOME/hx`, else `~/.config/hx`. Nothing here is created: whoever writes first makes the directory, 0700.
 */

import { Context, Effect, Layer, Option } from "effect"
import { homedir } from "node:os"
import { isAbsolute, join, resolve } from "node:path"
import { variable } from "./Variables.ts"

export interface PathsService {
  readonly home: string
  /** What relative paths of the command line start from. */
  readonly workingDirectory: string
  readonly data: string
  readonly config: string
  readonly database: string
  /** Held by push, pull, ingest and compaction (FileLock). */
  readonly lock: string
  /** 0600; secrets that came in store URLs. */
  readonly credentials: string
  /** The folder store of a device that named none. */
  readonly defaultStore: string
  readonly configFile: string
  /** 0600; the recovery keys of one vault, a line per epoch. */
  readonly keys: (vaultId: string) => string
}

export class Paths extends Context.Tag("hx/Paths")<Paths, PathsService>() {
  static readonly layer: Layer.Layer<Paths> = Layer.effect(
    this,
    Effect.suspend(() => fromEnvironment)
  )
}

export const pathsAt = (at: {
  readonly data: string
  readonly config: string
  readonly home: string
  readonly workingDirectory: string
}): PathsService => ({
  ...at,
  database: join(at.data, "history.db"),
  lock: join(at.data, "lock"),
  credentials: join(at.data, "credentials"),
  defaultStore: join(at.data, "sync"),
  configFile: join(at.config, "config.yaml"),
  keys: (vaultId) => join(at.data, "keys", vaultId)
})

const fromEnvironment = Effect.gen(function* () {
  const workingDirectory = yield* currentDirectory
  const home = Option.getOrElse(yield* variable("HOME"), homedir)
  const directory = Effect.fn(function* (own: string, xdg: string, fallback: string) {
    const named = yield* variable(own)
    if (Option.isSome(named)) return resolve(workingDirectory, named.value)
    // The XDG specification says that relative paths are invalid and to be ignored.
    const base = Option.filter(yield* variable(xdg), isAbsolute)
    return join(
      Option.getOrElse(base, () => join(home, fallback)),
      "hx"
    )
  })
  return pathsAt({
    home,
    workingDirectory,
    data: yield* directory("HX_DATA_DIR", "XDG_DATA_HOME", join(".local", "share")),
    config: yield* directory("HX_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")
  })
})

/** The working directory may have been removed under a shell's feet; then relative paths start from the root. */
const currentDirectory = Effect.try(() => process.cwd()).pipe(Effect.orElseSucceed(() => "/"))
