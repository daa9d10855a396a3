/** Where the store is and who asks it, on the built program: every parameter of the store URL, variables, and profiles. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type StandIn, startStandIn } from "../../store/S3StandIn.ts"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const OURS = { accessKey: "AKIAOURSEXAMPLE00001", secretKey: "our/secret+key" }
const SESSION = { accessKey: "ASIASESSIONEXAMPLE01", secretKey: "session/secret", sessionToken: "Token/of+session==" }
const OTHERS = { accessKey: "AKIAOTHEREXAMPLE0001", secretKey: "other-secret-key" }
const KEYS = `access_key=${OURS.accessKey}&secret_key=${encodeURIComponent(OURS.secretKey)}`
const VARIABLES = { AWS_ACCESS_KEY_ID: OURS.accessKey, AWS_SECRET_ACCESS_KEY: OURS.secretKey }

let server: StandIn
beforeAll(async () => {
  server = await startStandIn({ buckets: ["history"], accounts: [OURS, SESSION, OTHERS], domains: ["localhost"] })
})
afterEach(() => {
  server.requests.length = 0
  server.objects.clear()
})
afterAll(() => server.stop())

let devices = 0
const device = (): Device => makeDevice(scratch.path, `device-${devices++}`)

/** Joins or makes a vault at the store; what the server saw of it. */
const initAt = async (url: string, env: Readonly<Record<string, string>> = {}, on = device()) => {
  const ran = await on.hx(["sync", "init", "--no-encrypt", "--store", url], { env })
  expect(ran.stderr.replace(/^warn: THIS VAULT IS NOT ENCRYPTED.*\n/, "")).toBe("")
  expect(ran.code).toBe(0)
  const [first] = server.requests
  return { on, ran, accessKey: first?.accessKey, region: first?.region, host: first?.host, path: first?.path }
}

/** ~/.aws of a device. */
const aws = (on: Device, files: { readonly config?: string; readonly credentials?: string }): Device => {
  mkdirSync(join(on.home, ".aws"), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(on.home, ".aws", name), text)
  return on
}

const endpoint = () => `endpoint=${server.endpoint}`

describe("a parameter of the store URL", { timeout: 60_000 }, () => {
  it("bucket and prefix: everything lies below the prefix, or at the top where there is none", async () => {
    await initAt(`s3://history/team/a%20b?${endpoint()}&${KEYS}`)
    expect([...server.objects.keys()]).toEqual(["history/team/a b/vault.json"])
    await initAt(`s3://history?${endpoint()}&${KEYS}`)
    expect([...server.objects.keys()]).toEqual(["history/team/a b/vault.json", "history/vault.json"])
  })

  it("region: requests are signed for it, before what variables say", async () => {
    const env = { AWS_REGION: "us-west-1", AWS_DEFAULT_REGION: "us-west-2" }
    expect(await initAt(`s3://history?region=eu-west-3&${endpoint()}&${KEYS}`, env)).toMatchObject({
      region: "eu-west-3"
    })
  })

  it("endpoint: with a scheme, or without one on this machine, where it means http", async () => {
    expect(await initAt(`s3://history?${endpoint()}&${KEYS}`)).toMatchObject({ host: `127.0.0.1:${server.port}` })
    const bare = await initAt(`s3://history/bare?endpoint=127.0.0.1:${server.port}&${KEYS}`)
    expect(bare.ran.stdout).toContain(`Made a new vault in s3://history/bare at 127.0.0.1:${server.port}\n`)
  })

  it("path_style=true: the bucket is in the path; false: before the host, also of names that only end in localhost", async () => {
    const local = `endpoint=localhost:${server.port}&${KEYS}`
    const path = await initAt(`s3://history/path?${local}&path_style=true`)
    expect(path).toMatchObject({ host: `localhost:${server.port}`, path: "/history/path/vault.json" })
    server.requests.length = 0
    const host = await initAt(`s3://history/host?${local}&path_style=false`)
    expect(host).toMatchObject({ host: `history.localhost:${server.port}`, path: "/host/vault.json" })
    server.requests.length = 0
    expect(await host.on.json(["sync", "pull"])).toMatchObject({ problems: [] })
    expect(new Set(server.requests.map((request) => request.host))).toEqual(
      new Set([`history.localhost:${server.port}`])
    )
  })

  it("access_key, secret_key and session_token: used, kept in a file of one's own, and shown nowhere", async () => {
    const token = encodeURIComponent(SESSION.sessionToken)
    const secret = encodeURIComponent(SESSION.secretKey)
    const url = `s3://history?${endpoint()}&access_key=${SESSION.accessKey}&secret_key=${secret}&session_token=${token}`
    const { accessKey, on, ran } = await initAt(url)
    expect(accessKey).toBe(SESSION.accessKey)
    expect(await on.json(["sync", "pull"])).toMatchObject({ problems: [] })
    const shown = `${ran.stdout}${ran.stderr}${(await on.hx(["sync", "status", "--detailed"])).stdout}`
    for (const each of Object.values(SESSION)) expect(shown).not.toContain(each)
    expect(readFileSync(join(on.data, "credentials"), "utf8")).toContain(SESSION.sessionToken)
  })

  it("keys of an earlier init are used by a later one without any, whatever region and path style it names", async () => {
    const { on } = await initAt(`s3://history/kept?${endpoint()}&${KEYS}`)
    await on.json(["sync", "reset"])
    server.requests.length = 0
    const again = await initAt(`s3://history/kept?region=eu-west-3&path_style=true&${endpoint()}`, {}, on)
    expect(again).toMatchObject({ accessKey: OURS.accessKey, region: "eu-west-3" })
    expect(again.ran.stdout).toMatch(/^Joined the vault/)
  })

  it("profile: that one's keys and region, whatever the variables say", async () => {
    const on = aws(device(), {
      config: "[profile paris]\nregion = eu-west-3\n",
      credentials: `[paris]\naws_access_key_id = ${OTHERS.accessKey}\naws_secret_access_key = ${OTHERS.secretKey}\n`
    })
    const seen = await initAt(`s3://history?profile=paris&${endpoint()}`, { ...VARIABLES, AWS_PROFILE: "none" }, on)
    expect(seen).toMatchObject({ accessKey: OTHERS.accessKey, region: "eu-west-3" })
  })
})

describe("without keys in the URL", { timeout: 60_000 }, () => {
  it("those of the variables are used, with the session token; for the endpoint of AWS_ENDPOINT_URL_S3", async () => {
    // What chooses among Amazon's own addresses has no say about others.
    const own = { AWS_USE_DUALSTACK_ENDPOINT: "true", AWS_USE_FIPS_ENDPOINT: "true" }
    const env = { AWS_ENDPOINT_URL_S3: server.endpoint, AWS_DEFAULT_REGION: "us-west-2", ...own }
    expect(await initAt("s3://history/hx-sync", { ...VARIABLES, ...env })).toMatchObject({ accessKey: OURS.accessKey })
    server.requests.length = 0
    const { accessKey: id, secretKey: secret, sessionToken: token } = SESSION
    const session = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token }
    expect(await initAt("s3://history/session", { ...session, ...env })).toMatchObject({
      accessKey: SESSION.accessKey,
      region: "us-west-2"
    })
  })

  it("the region is that of AWS_REGION, else of AWS_DEFAULT_REGION, else of the profile, else the usual one", async () => {
    const on = aws(device(), { config: "[profile hx]\nregion = eu-central-1\n" })
    const cases = [
      ["us-west-1", { AWS_REGION: "us-west-1", AWS_DEFAULT_REGION: "us-west-2", AWS_PROFILE: "hx" }],
      ["us-west-2", { AWS_DEFAULT_REGION: "us-west-2", AWS_PROFILE: "hx" }],
      ["eu-central-1", { AWS_PROFILE: "hx" }],
      ["us-east-1", {}]
    ] as const
    for (const [region, env] of cases) {
      server.requests.length = 0
      expect(await initAt(`s3://history/${region}?${endpoint()}`, { ...VARIABLES, ...env }, on)).toMatchObject({
        region
      })
    }
  })

  it("AWS_PROFILE names the keys, in the credentials file or in the config file, and default is used without it", async () => {
    const on = aws(device(), {
      config: `[profile inline]\naws_access_key_id = ${SESSION.accessKey}\naws_secret_access_key = ${SESSION.secretKey}\naws_session_token = ${SESSION.sessionToken}\n[default]\nregion = eu-north-1\n`,
      credentials: `[hx]\naws_access_key_id=${OURS.accessKey}\naws_secret_access_key=${OURS.secretKey}\n[default]\naws_access_key_id=${OTHERS.accessKey}\naws_secret_access_key=${OTHERS.secretKey}\n`
    })
    for (const [profile, { accessKey }] of [
      ["hx", OURS],
      ["inline", SESSION]
    ] as const) {
      server.requests.length = 0
      expect(await initAt(`s3://history/${profile}?${endpoint()}`, { AWS_PROFILE: profile }, on)).toMatchObject({
        accessKey
      })
    }
    server.requests.length = 0
    const other = await initAt(`s3://history/other?${endpoint()}`, { AWS_DEFAULT_PROFILE: "hx" }, on)
    expect(other).toMatchObject({ accessKey: OURS.accessKey })
    server.requests.length = 0
    const bare = await initAt(`s3://history/default?${endpoint()}`, {}, on)
    expect(bare).toMatchObject({ accessKey: OTHERS.accessKey, region: "eu-north-1" })
  })

  it("the endpoint and the addressing style are the profile's, where neither the URL nor a variable names them", async () => {
    const on = aws(device(), {
      config: `[profile hx]\nendpoint_url = http://localhost:${server.port}\ns3 =\n  addressing_style = virtual\n`
    })
    const env = { ...VARIABLES, AWS_PROFILE: "hx" }
    expect(await initAt("s3://history/profile", env, on)).toMatchObject({ host: `history.localhost:${server.port}` })
    server.requests.length = 0
    const { AWS_PROFILE: _, ...keys } = env
    expect(
      await initAt("s3://history/profile?path_style=true", { ...keys, AWS_ENDPOINT_URL: server.endpoint }, on)
    ).toMatchObject({
      host: `127.0.0.1:${server.port}`
    })
  })

  it("keys in variables come before AWS_PROFILE, as for the AWS CLI", async () => {
    const on = aws(device(), {
      credentials: `[hx]\naws_access_key_id=${OTHERS.accessKey}\naws_secret_access_key=${OTHERS.secretKey}\n`
    })
    const seen = await initAt(`s3://history?${endpoint()}`, { ...VARIABLES, AWS_PROFILE: "hx" }, on)
    expect(seen).toMatchObject({ accessKey: OURS.accessKey })
  })

  it.each([
    ["nothing", {}, ""],
    ["a profile that is not there", { AWS_PROFILE: "nobody" }, "nobody"]
  ])("and %s in their place, it is exit code 3, in words, and not one request", async (_, env, named) => {
    const ran = await device().hx(["sync", "init", "--store", `s3://history?${endpoint()}`], { env })
    expect(ran).toMatchObject({ code: 3, stdout: "" })
    expect(ran.stderr).toMatch(/^Note: .*\nUnable to locate credentials\n/)
    expect(ran.stderr).toContain(named)
    expect(server.requests).toEqual([])
  })
})

describe("a URL that the shell has cut at its first ampersand", { timeout: 60_000 }, () => {
  it("is noticed: the message says to quote it", async () => {
    const on = device()
    const unquoted = `s3://history?${endpoint()}&path_style=true&${KEYS}`
    const line = `"$0" "$1" sync init --store ${unquoted}; wait`
    const ran = await new Promise<{ readonly stderr: string }>((resolve) => {
      execFile("bash", ["-c", line, process.execPath, ENTRY], { env: on.env }, (_error, _stdout, stderr) =>
        resolve({ stderr })
      )
    })
    expect(ran.stderr).toMatch(/^Note: .*quote all of it: the shell cuts it there\.\nUnable to locate credentials\n/m)
    expect(server.requests).toEqual([])
  })

  it("is an error where only a key is left of it, and says so too", async () => {
    const ran = await device().hx(["sync", "init", "--store", `s3://history?access_key=${OURS.accessKey}`])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toMatch(/access_key is given without secret_key\n.*\n.*quote all of it/)
    expect(ran.stderr).not.toContain(OURS.accessKey)
  })
})
