import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Redacted } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Paths, pathsAt } from "../../src/platform/Paths.ts"
import type { Setting } from "../../src/platform/Setting.ts"
import { Settings } from "../../src/platform/Settings.ts"
import * as SyncSettings from "../../src/platform/SyncSettings.ts"
import { environment } from "../../src/platform/Variables.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

const withMachine = (file: string | undefined, variables: Record<string, string>) =>
  Effect.gen(function* () {
    const config = yield* temporaryDirectory
    if (file !== undefined) writeFileSync(join(config, "config.yaml"), file)
    const paths = Layer.succeed(Paths, pathsAt({ config, data: config, home: config, workingDirectory: config }))
    const settings = yield* Settings.pipe(Effect.provide(Layer.provide(Settings.layer, paths)))
    return <A>(setting: Setting<A>, flag?: string) =>
      settings.resolve(setting, Option.fromNullable(flag)).pipe(Effect.withConfigProvider(environment(variables)))
  })

describe("a setting", () => {
  it.scoped("comes from the flag, else the environment, else config.yaml, else its default", () =>
    Effect.gen(function* () {
      const resolve = yield* withMachine("sync:\n  timeout: 1m\n  max_retries: 8\n  compression: false\n", {
        HX_SYNC_TIMEOUT: "45s",
        HX_SYNC_MAX_RETRIES: ""
      })
      const flag = yield* resolve(SyncSettings.Timeout, "10s")
      expect([flag.source, flag.shown]).toEqual(["flag", "10s"])
      const variable = yield* resolve(SyncSettings.Timeout)
      expect([variable.source, variable.value]).toEqual(["environment", Duration.seconds(45)])
      const file = yield* resolve(SyncSettings.MaxRetries)
      expect([file.source, file.value]).toEqual(["file", 8])
      expect((yield* resolve(SyncSettings.Compression)).value).toBe(false)
      const fallback = yield* resolve(SyncSettings.PartSize)
      expect([fallback.source, fallback.shown]).toEqual(["default", "5MiB"])
    })
  )

  it.scoped("has the documented default where nothing is set and no file exists", () =>
    Effect.gen(function* () {
      const resolve = yield* withMachine(undefined, {})
      const shown = yield* Effect.forEach(SyncSettings.ALL, (setting) =>
        Effect.map(resolve(setting), (resolved) => `${setting.variable}=${resolved.shown}`)
      )
      expect(shown.filter((line) => !line.endsWith("=–") && !line.includes("_STORE="))).toEqual([
        "HX_SYNC_TIMEOUT=30s",
        "HX_SYNC_CONNECT_TIMEOUT=5s",
        "HX_SYNC_MAX_RETRIES=5",
        "HX_SYNC_RETRY_DELAY=100ms",
        "HX_SYNC_MAX_RETRY_DELAY=20s",
        "HX_SYNC_CONCURRENT_UPLOADS=3",
        "HX_SYNC_CONCURRENT_DOWNLOADS=8",
        "HX_SYNC_COMPRESSION=true",
        "HX_SYNC_SEGMENT_SIZE=8MiB",
        "HX_SYNC_PART_SIZE=5MiB",
        "HX_SYNC_INTERVAL=off",
        "HX_SYNC_PRICE_STORAGE=0.023",
        "HX_SYNC_PRICE_PUT=0.005",
        "HX_SYNC_PRICE_GET=0.0004",
        "HX_SYNC_PRICE_EGRESS=0.09",
        "HX_SEARCH_HEIGHT=20",
        "HX_SEARCH_SCOPE=everywhere",
        "HX_SEARCH_ENTER=insert",
        "HX_SEARCH_KEYMAP=emacs"
      ])
    })
  )

  it.scoped("of the file can be switched off by the environment: the interval", () =>
    Effect.gen(function* () {
      const resolve = yield* withMachine("sync:\n  interval: 10m\n", {})
      expect(yield* resolve(SyncSettings.Interval)).toMatchObject({ source: "file", shown: "10m" })
      const switched = yield* withMachine("sync:\n  interval: 10m\n", { HX_SYNC_INTERVAL: "off" })
      expect(yield* switched(SyncSettings.Interval)).toMatchObject({ source: "environment", shown: "off" })
    })
  )

  it.effect.each([
    ["0.023", 0.023, "0.023"],
    ["0", 0, "0"],
    ["100", 100, "100"],
    ["0.000000001", 1e-9, "0.000000001"]
  ] as const)("of money is dollars: %s", ([text, value, shown]) =>
    Effect.sync(() => {
      expect(SyncSettings.PriceStorage.parse(text)).toEqual(Option.some(value))
      expect(SyncSettings.PriceStorage.show(value)).toBe(shown)
    })
  )

  const bad: ReadonlyArray<[string, Setting<unknown>, string]> = [
    ["HX_SYNC_TIMEOUT", SyncSettings.Timeout, "30"],
    ["HX_SYNC_TIMEOUT", SyncSettings.Timeout, "1ms"],
    ["HX_SYNC_MAX_RETRIES", SyncSettings.MaxRetries, "21"],
    ["HX_SYNC_MAX_RETRIES", SyncSettings.MaxRetries, "-1"],
    ["HX_SYNC_CONCURRENT_UPLOADS", SyncSettings.ConcurrentUploads, "0"],
    ["HX_SYNC_CONCURRENT_DOWNLOADS", SyncSettings.ConcurrentDownloads, "65"],
    ["HX_SYNC_COMPRESSION", SyncSettings.Compression, "yes"],
    ["HX_SYNC_PART_SIZE", SyncSettings.PartSize, "4MiB"],
    ["HX_SYNC_SEGMENT_SIZE", SyncSettings.SegmentSize, "1e6"],
    ["HX_SYNC_INTERVAL", SyncSettings.Interval, "often"],
    ["HX_SYNC_PRICE_STORAGE", SyncSettings.PriceStorage, "-1"],
    ["HX_SYNC_PRICE_PUT", SyncSettings.PricePut, "5 cents"]
  ]
  it.scoped.each(bad)("refuses %s with the variable, the value and the form", ([variable, setting, value]) =>
    Effect.gen(function* () {
      const resolve = yield* withMachine(undefined, { [variable]: value })
      const error = yield* Effect.flip(resolve(setting))
      expect(error).toMatchObject({ _tag: "SettingError", setting: variable, value, form: setting.form })
    })
  )

  it.scoped("may be a secret, which is shown nowhere and read from no file", () =>
    Effect.gen(function* () {
      const resolve = yield* withMachine(undefined, { HX_SYNC_KEY: "hx1verysecret" })
      const key = yield* resolve(SyncSettings.Key)
      expect(Option.map(key.value, Redacted.value)).toEqual(Option.some("hx1verysecret"))
      expect(JSON.stringify(key)).not.toContain("verysecret")
      const fromFile = yield* withMachine("sync: { key: hx1verysecret }", {})
      const error = yield* Effect.flip(fromFile(SyncSettings.Timeout))
      expect(error).toMatchObject({ _tag: "ConfigFileError" })
      expect(error.message).not.toContain("verysecret")
    })
  )

  it.scoped("that does not exist is refused in config.yaml, with the nearest one named", () =>
    Effect.gen(function* () {
      const resolve = yield* withMachine("sync:\n  timeuot: 1m\n", {})
      const error = yield* Effect.flip(resolve(SyncSettings.MaxRetries))
      expect(error.message).toContain("there is no setting sync.timeuot; did you mean sync.timeout?")
    })
  )

  it.scoped.each(["sync: [1, 2", "- a\n- b", "just text", "sync:\n  timeout: [1, 2]"])(
    "is not read from a config.yaml that is %j",
    (file) =>
      Effect.gen(function* () {
        const resolve = yield* withMachine(file, {})
        expect((yield* Effect.flip(resolve(SyncSettings.Timeout)))._tag).toBe("ConfigFileError")
      })
  )
})
