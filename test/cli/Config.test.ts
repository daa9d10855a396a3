import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ALL } from "../../src/platform/SyncSettings.ts"
import { type Device, makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

interface Told {
  readonly settings: ReadonlyArray<{
    readonly variable: string
    readonly key: string | null
    readonly value: string | null
    readonly source: string
    readonly form: string
    readonly problem: string | null
  }>
  readonly environment: ReadonlyArray<{ readonly variable: string; readonly value: string | null }>
  readonly unknown: ReadonlyArray<{ readonly variable: string; readonly nearest: string | null }>
  readonly places: ReadonlyArray<{ readonly what: string; readonly path: string; readonly source: string }>
}

const configure = (device: Device, yaml: string): string => {
  const directory = join(device.home, ".config", "hx")
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "config.yaml"), yaml)
  return join(directory, "config.yaml")
}

/** The row of a setting, as people see it. */
const rowOf = (stdout: string, variable: string): string =>
  stdout.split("\n").find((line) => line.startsWith(`${variable} `)) ?? "no such row"

describe("hx config", { timeout: 60_000 }, () => {
  it("shows every setting with its value and where that came from, and makes nothing", async () => {
    const device = makeDevice(scratch.path, "all")
    const file = configure(device, "sync:\n  timeout: 1m\n  max_retries: 8\n  interval: 10m\n")
    const env = { HX_SYNC_TIMEOUT: "45s", HX_SYNC_STORE: `folder:${scratch.path}/store` }
    const ran = await device.hx(["config"], { env })
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    for (const { variable } of ALL) expect(rowOf(ran.stdout, variable)).not.toBe("no such row")
    expect(rowOf(ran.stdout, "HX_SYNC_TIMEOUT")).toMatch(/ 45s +environment$/)
    expect(rowOf(ran.stdout, "HX_SYNC_MAX_RETRIES")).toMatch(/ 8 +file, sync\.max_retries$/)
    expect(rowOf(ran.stdout, "HX_SYNC_INTERVAL")).toMatch(/ 10m +file, sync\.interval$/)
    expect(rowOf(ran.stdout, "HX_SYNC_PART_SIZE")).toMatch(/ 5MiB +default$/)
    expect(rowOf(ran.stdout, "HX_SYNC_STORE")).toContain(`folder:${scratch.path}/store `)
    expect(ran.stdout).toContain(`${file}\n`)
    expect(readdirSync(device.home)).toEqual([".config"])
  })

  it("gives programs the same, with the form of each setting", async () => {
    const device = makeDevice(scratch.path, "json")
    const told = (await device.json(["config"], {
      env: { HX_SYNC_COMPRESSION: "false", HX_DATA_DIR: "/elsewhere", HX_SYNC_PASSPHRASE: "open sesame" }
    })) as unknown as Told & { readonly version: number }
    expect(told.version).toBe(1)
    expect(told.settings.map(({ variable }) => variable)).toEqual(ALL.map(({ variable }) => variable))
    const row = (variable: string) => told.settings.find((each) => each.variable === variable)
    const compression = { key: "sync.compression", value: "false", source: "environment", form: "true or false" }
    expect(row("HX_SYNC_COMPRESSION")).toMatchObject({ ...compression, problem: null })
    expect(row("HX_SYNC_PASSPHRASE")).toMatchObject({ key: null, value: null, source: "environment" })
    expect(row("HX_SYNC_KEY")).toMatchObject({ value: null, source: "default" })
    expect(told.places.find(({ what }) => what === "Data")).toMatchObject({ path: "/elsewhere", source: "HX_DATA_DIR" })
  })

  it("shows no secret: not of URLs, keys, AWS variables or proxies, nor where a path was meant", async () => {
    const device = makeDevice(scratch.path, "secrets")
    const key = `hx1${"q".repeat(72)}`
    const env = {
      HX_SYNC_STORE:
        "s3://bucket/hx?region=us-west-2&access_key=AKIAsesame&secret_key=topsesame&session_token=tokensesame",
      HX_SYNC_KEY: key,
      HX_SYNC_PASSPHRASE: "passsesame",
      HX_SYNC_KEY_FILE: key,
      AWS_ACCESS_KEY_ID: "AKIDsesame",
      AWS_SECRET_ACCESS_KEY: "awssesame",
      AWS_SESSION_TOKEN: "awstokensesame",
      AWS_SOMETHING_NEW: "newsesame",
      AWS_PROFILE: "hx",
      AWS_ENDPOINT_URL_S3: "https://user:endsesame@minio.example:9000/?token=urlsesame",
      HTTPS_PROXY: "http://me:proxysesame@proxy.example:3128",
      https_proxy: "me:bare@sesame@proxy.example:3128",
      NO_PROXY: "localhost"
    }
    const [people, programs] = await Promise.all([
      device.hx(["config"], { env }),
      device.hx(["config", "--json"], { env })
    ])
    for (const { code, stderr, stdout } of [people, programs]) {
      expect(code).toBe(0)
      expect(stdout + stderr).not.toMatch(/sesame|qqqq|AKI/)
    }
    const shown = people.stdout
    expect(rowOf(shown, "HX_SYNC_STORE")).toContain("s3://bucket/hx?region=us-west-2 (with keys, not shown)")
    expect(rowOf(shown, "HX_SYNC_KEY")).toMatch(/\(set, not shown\) +environment$/)
    expect(rowOf(shown, "AWS_SECRET_ACCESS_KEY")).toMatch(/ \(set, not shown\)$/)
    expect(rowOf(shown, "AWS_SOMETHING_NEW")).toMatch(/ \(set, not shown\)$/)
    expect(rowOf(shown, "AWS_PROFILE")).toMatch(/ hx$/)
    expect(rowOf(shown, "AWS_ENDPOINT_URL_S3")).toMatch(/ https:\/\/…@minio\.example:9000\/$/)
    expect(rowOf(shown, "HTTPS_PROXY")).toMatch(/ http:\/\/…@proxy\.example:3128$/)
    expect(rowOf(shown, "https_proxy")).toMatch(/ …@proxy\.example:3128$/)
    expect(rowOf(shown, "NO_PROXY")).toMatch(/ localhost$/)
  })

  it("repeats where the file of a secret is, but nothing that is given in its place and is no path", async () => {
    const device = makeDevice(scratch.path, "in place of a path")
    const passphrase = "correct-horse-battery"
    const env = { HX_SYNC_PASSPHRASE_FILE: passphrase, HX_SYNC_KEY_FILE: "/etc/hx/vault.key" }
    const ran = await device.hx(["config"], { env })
    expect(rowOf(ran.stdout, "HX_SYNC_PASSPHRASE_FILE")).toMatch(/ \(set, not shown\) +environment$/)
    expect(rowOf(ran.stdout, "HX_SYNC_KEY_FILE")).toContain(" /etc/hx/vault.key ")
    const { stdout } = await device.hx(["config", "--json"], { env })
    expect(ran.stdout + stdout).not.toContain(passphrase)
  })

  it("goes on where a value is bad: marks it with the form it should have, and ends with 2", async () => {
    const device = makeDevice(scratch.path, "bad")
    const file = configure(device, "sync:\n  compression: maybe\n")
    const ran = await device.hx(["config"], { env: { HX_SYNC_PART_SIZE: "1MiB", HX_SYNC_STORE: "s3://b?x=1" } })
    expect(ran.code).toBe(2)
    expect(rowOf(ran.stdout, "HX_SYNC_COMPRESSION")).toMatch(
      / maybe +file, sync\.compression +should be true or false$/
    )
    expect(rowOf(ran.stdout, "HX_SYNC_PART_SIZE")).toMatch(/ 1MiB +environment +should be a size .* 5MiB to 5GiB$/)
    expect(rowOf(ran.stdout, "HX_SYNC_STORE")).toMatch(/ \(set, not shown\) +environment +"b" is not a bucket's name/)
    expect(rowOf(ran.stdout, "HX_SYNC_TIMEOUT")).toMatch(/ 30s +default$/)
    expect(ran.stderr).toContain("HX_SYNC_STORE, after s3://")

    const json = await device.hx(["config", "--json"])
    expect(json.code).toBe(2)
    const { settings } = JSON.parse(json.stdout) as Told
    expect(settings.filter(({ problem }) => problem !== null)).toMatchObject([
      { variable: "HX_SYNC_COMPRESSION", value: "maybe", source: "file", problem: "should be true or false" }
    ])
    expect(json.stderr.split("\n")[1]).toBe(`  sync.compression in ${file}: maybe`)
  })

  it("says what is wrong with a configuration file that cannot be read, and shows what does not need it", async () => {
    const device = makeDevice(scratch.path, "broken")
    const file = configure(device, "sync:\n  timeuot: 1m\n")
    const ran = await device.hx(["config"], { env: { HX_SYNC_TIMEOUT: "45s" } })
    expect(ran.code).toBe(2)
    expect(rowOf(ran.stdout, "HX_SYNC_TIMEOUT")).toMatch(/ 45s +environment$/)
    expect(rowOf(ran.stdout, "HX_SYNC_MAX_RETRIES")).toContain("not read: ")
    expect(ran.stderr.split("\n").slice(0, 3)).toEqual([
      "The configuration file cannot be used",
      `  ${file}: there is no setting sync.timeuot`,
      "  Did you mean sync.timeout?"
    ])
  })
})

describe("a misspelt variable", { timeout: 60_000 }, () => {
  const env = { HX_SYNC_TIMEOUTS: "sesame" }
  const warning = "HX_SYNC_TIMEOUTS is no setting of hx and changes nothing; did you mean HX_SYNC_TIMEOUT?"

  it("is told once, without its value, by hx config and by the commands of sync", async () => {
    const device = makeDevice(scratch.path, "misspelt")
    const lines = [
      ["config"],
      ["sync", "init", "--store", `folder:${join(scratch.path, "vault")}`],
      ["sync", "push"],
      ["sync", "status"]
    ]
    for (const words of lines) {
      const ran = await device.hx(words, { env })
      expect(ran.code).toBe(0)
      expect(ran.stderr.split(warning)).toHaveLength(2)
      expect(ran.stdout + ran.stderr).not.toContain("sesame")
    }
    const told = (await device.json(["config"], { env })) as unknown as Told
    expect(told.unknown).toEqual([{ variable: "HX_SYNC_TIMEOUTS", nearest: "HX_SYNC_TIMEOUT" }])
    expect((await device.hx(["find", "x"], { env })).stderr).toBe("")
  })
})
