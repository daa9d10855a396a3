import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Paths } from "../../src/platform/Paths.ts"
import { environment } from "../../src/platform/Variables.ts"

const pathsIn = (variables: Record<string, string>) =>
  Paths.pipe(Effect.provide(Paths.layer), Effect.withConfigProvider(environment(variables)))

describe("paths", () => {
  it.effect("are under the home directory by default", () =>
    Effect.gen(function* () {
      const paths = yield* pathsIn({ HOME: "/home/anna" })
      expect(paths.database).toBe("/home/anna/.local/share/hx/history.db")
      expect(paths.configFile).toBe("/home/anna/.config/hx/config.yaml")
      expect(paths.keys("abc")).toBe("/home/anna/.local/share/hx/keys/abc")
      expect(paths.defaultStore).toBe("/home/anna/.local/share/hx/sync")
    })
  )

  it.effect("follow the XDG variables where these are absolute", () =>
    Effect.gen(function* () {
      const paths = yield* pathsIn({ HOME: "/home/anna", XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "relative" })
      expect(paths.data).toBe("/data/hx")
      expect(paths.config).toBe("/home/anna/.config/hx")
    })
  )

  it.effect("follow hx's own variables before all others; empty ones are none", () =>
    Effect.gen(function* () {
      const paths = yield* pathsIn({ HOME: "/h", HX_DATA_DIR: "/mine", XDG_DATA_HOME: "/data", HX_CONFIG_DIR: "" })
      expect(paths.data).toBe("/mine")
      expect(paths.config).toBe("/h/.config/hx")
      expect((yield* pathsIn({ HX_DATA_DIR: "below" })).data).toBe(`${paths.workingDirectory}/below`)
    })
  )
})
