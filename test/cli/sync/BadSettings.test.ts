import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { ALL, Key, Passphrase } from "../../../src/platform/SyncSettings.ts"
import { makeDevice, makeScratch } from "../Hx.ts"
import { inProcess } from "../InProcess.ts"

const home = mkdtempSync(join(tmpdir(), "hx-bad-"))
const scratch = makeScratch()
afterAll(() => {
  rmSync(home, { recursive: true, force: true })
  scratch.remove()
})

/** As few lines as possible: what is wrong, which variable and value, which form. */
const told = (words: ReadonlyArray<string>, variables: Readonly<Record<string, string>>) =>
  Effect.map(inProcess(words, { HOME: home, ...variables }), ({ code, stderr, stdout }) => {
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    return stderr.trimEnd().split("\n  ")
  })

const DURATION = /^It should be a duration such as 500ms, 30s or 1m30s, from \d+(ms|s) to \d+(m|h|d)/
const SIZE = /^It should be a size such as 1024, 512KiB, 5MB or 8MiB, from \d+(KiB|MiB) to 5GiB\.$/
const COUNT = /^It should be a whole number from [01] to (20|64)\.$/

const BAD: ReadonlyArray<readonly [variable: string, value: string, form: RegExp]> = [
  ["HX_SYNC_TIMEOUT", "30", DURATION],
  ["HX_SYNC_TIMEOUT", "2h", DURATION],
  ["HX_SYNC_CONNECT_TIMEOUT", "5 s", DURATION],
  ["HX_SYNC_MAX_RETRIES", "21", COUNT],
  ["HX_SYNC_RETRY_DELAY", "0.1s", DURATION],
  ["HX_SYNC_MAX_RETRY_DELAY", "-20s", DURATION],
  ["HX_SYNC_CONCURRENT_UPLOADS", "0", COUNT],
  ["HX_SYNC_CONCURRENT_DOWNLOADS", "many", COUNT],
  ["HX_SYNC_COMPRESSION", "brotli", /^It should be true or false\.$/],
  ["HX_SYNC_SEGMENT_SIZE", "8M", SIZE],
  ["HX_SYNC_PART_SIZE", "4MiB", SIZE],
  ["HX_SYNC_INTERVAL", "daily", DURATION]
]

describe("a bad value", () => {
  it.live.each(BAD)("of %s (%s) ends a push with 2, the variable, the value and the form", ([variable, value, form]) =>
    Effect.gen(function* () {
      const [what, subject, hint] = yield* told(["sync", "push"], { [variable]: value })
      expect([what, subject]).toEqual(["A setting has a value that it cannot have", `${variable}: ${value}`])
      expect(hint).toMatch(form)
    })
  )

  it.live("of the store names the variable and the part that is wrong, and repeats no secret", () =>
    Effect.gen(function* () {
      const store = "s3://bucket/hx?regin=us-west-2&access_key=AKIA&secret_key=sesame"
      const [what, subject, hint] = yield* told(["sync", "init"], { HX_SYNC_STORE: store })
      expect([what, subject, hint]).toEqual([
        'There is no parameter "regin"',
        'HX_SYNC_STORE, after the "?"',
        "Did you mean region?"
      ])
    })
  )

  it.live.each(["HX_SYNC_KEY_FILE", "HX_SYNC_PASSPHRASE_FILE"])("of %s names the variable and the file", (variable) =>
    Effect.gen(function* () {
      const [what, subject] = yield* told(["sync", "init"], { [variable]: "/no/such/file" })
      expect(what).toBe("The file cannot be read")
      expect(subject).toBe(`${variable}, /no/such/file: there is no such file`)
    })
  )

  it.live("in config.yaml names the file and the key", () =>
    Effect.gen(function* () {
      const directory = join(home, "elsewhere")
      mkdirSync(directory)
      const file = join(directory, "config.yaml")
      const at = (yaml: string, words = ["sync", "push"]) => {
        writeFileSync(file, yaml)
        return told(words, { HX_CONFIG_DIR: directory })
      }
      expect((yield* at("sync:\n  max_retries: 99\n"))[1]).toBe(`sync.max_retries in ${file}: 99`)
      expect((yield* at("sync:\n  interval: 7\n"))[1]).toBe(`sync.interval in ${file}: 7`)
      expect((yield* at("sync:\n  store: ftp://host\n", ["sync", "init"]))[1]).toBe(
        `sync.store in ${file}, the scheme of the URL`
      )
      expect((yield* at("sync:\n  key_file: /no/file\n", ["sync", "init"]))[1]).toContain(
        `sync.key_file in ${file}, /no/file`
      )
      expect((yield* at("sync:\n  timeouts: 1s\n")).slice(1)).toEqual([
        `${file}: there is no setting sync.timeouts`,
        "Did you mean sync.timeout?"
      ])
    })
  )

  it.live("of any setting that has a form is marked by hx config", () =>
    Effect.gen(function* () {
      const free: ReadonlyArray<string> = [
        Key.variable,
        Passphrase.variable,
        "HX_SYNC_KEY_FILE",
        "HX_SYNC_PASSPHRASE_FILE",
        "HX_SEARCH_KEYS",
        "HX_CAPTURE_IGNORE",
        "HX_CAPTURE_IGNORE_DIRECTORIES"
      ]
      const formal = ALL.filter(({ variable }) => !free.includes(variable))
      const bad = Object.fromEntries(formal.map(({ variable }) => [variable, "no such thing"]))
      const { code, stdout } = yield* inProcess(["config", "--json"], { HOME: home, ...bad })
      const { settings } = JSON.parse(stdout) as {
        settings: ReadonlyArray<{ variable: string; problem: string | null }>
      }
      expect(code).toBe(2)
      expect(settings.filter(({ problem }) => problem !== null).map(({ variable }) => variable)).toEqual(
        formal.map(({ variable }) => variable)
      )
    })
  )

  it("ends the built program the same", async () => {
    const ran = await makeDevice(scratch.path, "built").hx(["sync"], { env: { HX_SYNC_TIMEOUT: "soon" } })
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr.split("\n")).toEqual([
      "A setting has a value that it cannot have",
      "  HX_SYNC_TIMEOUT: soon",
      "  It should be a duration such as 500ms, 30s or 1m30s, from 100ms to 1h.",
      ""
    ])
  })
})
