/** Credentials that somebody else hands out, on the built program: processes, roles, web identity, single sign-on, containers, machines; and their end. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type CredentialServices, startCredentialServices } from "../../store/CredentialServices.ts"
import { type StandIn, startStandIn } from "../../store/S3StandIn.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const account = (name: string) => ({
  accessKey: `ASIA${name.toUpperCase()}EXAMPLE000`.slice(0, 20),
  secretKey: `${name}/secret`,
  sessionToken: `${name}-token/+==`
})
const OLD = account("old")
const NEW = account("new")
const BASE = { accessKey: "AKIABASEEXAMPLE00000", secretKey: "base-secret" }
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJoeCJ9.c2lnbmF0dXJl"

let services: CredentialServices
let server: StandIn
/** OLD expires once so many objects have been put with it, and then this happens. */
let puts = Infinity
let whenExpired = () => {}
beforeAll(async () => {
  services = await startCredentialServices()
  server = await startStandIn({
    buckets: ["history"],
    accounts: [OLD, NEW, BASE],
    refuse: ({ accessKey, method }) => {
      if (accessKey !== OLD.accessKey || puts === Infinity) return undefined
      if (method === "PUT") puts -= 1
      if (puts >= 0) return undefined
      whenExpired()
      return ["ExpiredToken", `The provided token ${OLD.sessionToken} of ${OLD.accessKey} has expired.`]
    }
  })
})
afterEach(() => {
  puts = Infinity
  server.requests.length = 0
  server.objects.clear()
  services.asked.length = 0
})
afterAll(() => Promise.all([server.stop(), services.stop()]))

let devices = 0
const device = (files: Readonly<Record<string, string>> = {}): Device => {
  const made = makeDevice(scratch.path, `device-${devices++}`)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(made.home, name, ".."), { recursive: true })
    writeFileSync(join(made.home, name), text)
  }
  return made
}

const store = () => `s3://history/hx?region=us-west-2&endpoint=${server.endpoint}`
const init = () => ["sync", "init", "--no-encrypt", "--store", store()]
const usedKeys = () => [...new Set(server.requests.map(({ accessKey }) => accessKey))]

/** A program that prints what a file says, and notes that it was called. */
const credentialProcess = (on: Device) => {
  const file = join(on.home, "given.json")
  const calls = join(on.home, "calls")
  return {
    config: `[profile hx]\ncredential_process = sh -c "echo x >> '${calls}'; cat '${file}'"\n`,
    give: ({ accessKey, secretKey, sessionToken }: typeof OLD) =>
      writeFileSync(
        file,
        JSON.stringify({
          Version: 1,
          AccessKeyId: accessKey,
          SecretAccessKey: secretKey,
          SessionToken: sessionToken,
          Expiration: "2999-01-01T00:00:00Z"
        })
      ),
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").length / 2 : 0)
  }
}

const withProcess = () => {
  const on = device()
  const process = credentialProcess(on)
  mkdirSync(join(on.home, ".aws"))
  writeFileSync(join(on.home, ".aws", "config"), process.config)
  process.give(OLD)
  return { on, process, env: { AWS_PROFILE: "hx" } }
}

/** Web identity, as workloads in clusters and builds have it. */
const withWebIdentity = () => {
  const on = device({ token: JWT })
  const env = {
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/HxSyncRole",
    AWS_WEB_IDENTITY_TOKEN_FILE: join(on.home, "token"),
    AWS_ENDPOINT_URL_STS: services.endpoint
  }
  services.give(OLD)
  return { on, env }
}

/** Segments enough for several uploads. */
const history = (on: Device) =>
  record(
    on.data,
    Array.from({ length: 6000 }, (_, index) => `run ${createHash("sha256").update(`${index}`).digest("hex")}`)
  )
const SMALL = { HX_SYNC_SEGMENT_SIZE: "64KiB", HX_SYNC_COMPRESSION: "false", HX_SYNC_RETRY_DELAY: "1ms" }

describe("credentials come from", { timeout: 60_000 }, () => {
  it("credential_process of a profile", async () => {
    const { env, on, process } = withProcess()
    await on.json(init(), { env })
    expect(usedKeys()).toEqual([OLD.accessKey])
    expect(process.calls()).toBe(1)
  })

  it("web identity: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, at the STS of AWS_ENDPOINT_URL_STS", async () => {
    const { env, on } = withWebIdentity()
    await on.json(init(), { env })
    expect(usedKeys()).toEqual([OLD.accessKey])
    expect(services.asked.map(({ what }) => what)).toEqual(["AssumeRoleWithWebIdentity"])
    expect(Object.fromEntries(services.asked[0]?.form ?? [])).toMatchObject({
      RoleArn: env.AWS_ROLE_ARN,
      WebIdentityToken: JWT
    })
  })

  it("a role that a profile assumes with another profile's keys", async () => {
    const on = device({
      ".aws/config":
        "[profile hx]\nrole_arn = arn:aws:iam::123456789012:role/HxSyncRole\nsource_profile = base\nregion = eu-west-3\n",
      ".aws/credentials": `[base]\naws_access_key_id=${BASE.accessKey}\naws_secret_access_key=${BASE.secretKey}\n`
    })
    services.give(NEW)
    await on.json(init(), { env: { AWS_PROFILE: "hx", AWS_ENDPOINT_URL_STS: services.endpoint } })
    expect(usedKeys()).toEqual([NEW.accessKey])
    expect(services.asked.map(({ what }) => what)).toEqual(["AssumeRole"])
    expect(services.asked[0]?.headers.authorization).toContain(`Credential=${BASE.accessKey}/`)
    expect(services.asked[0]?.headers.authorization).toContain("/eu-west-3/sts/")
  })

  it("single sign-on, with the session that aws sso login left", async () => {
    const session = createHash("sha1").update("work").digest("hex")
    const on = device({
      ".aws/config":
        "[profile hx]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Hx\n[sso-session work]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n",
      [`.aws/sso/cache/${session}.json`]: JSON.stringify({
        accessToken: "sso-access",
        expiresAt: "2999-01-01T00:00:00Z"
      })
    })
    services.give(NEW)
    await on.json(init(), { env: { AWS_PROFILE: "hx", AWS_ENDPOINT_URL_SSO: services.endpoint } })
    expect(usedKeys()).toEqual([NEW.accessKey])
    expect(services.asked.map(({ what }) => what)).toEqual(["/federation/credentials"])
  })

  it("the container's role, and the machine's where AWS_EC2_METADATA_DISABLED=false asks for it", async () => {
    services.give(NEW)
    await device().json(init(), { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${services.endpoint}/container` } })
    expect(services.asked.map(({ what }) => what)).toEqual(["/container"])
    const machine = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: services.endpoint }
    await device().json(init(), { env: machine })
    expect(services.asked.map(({ what }) => what).at(-1)).toBe("/latest/meta-data/iam/security-credentials/hx-role")
    expect(usedKeys()).toEqual([NEW.accessKey])
  })
})

describe("credentials that end in the middle of a push", { timeout: 60_000 }, () => {
  const kinds = [
    [
      "credential_process",
      () => {
        const { env, on, process } = withProcess()
        return { on, env, give: process.give, asked: process.calls }
      }
    ],
    [
      "web identity",
      () => {
        const { env, on } = withWebIdentity()
        return { on, env, give: services.give, asked: () => services.asked.length }
      }
    ]
  ] as const

  it.each(kinds)("are renewed once, by %s, and the push goes on", async (_, prepared) => {
    const { asked, env, give, on } = prepared()
    await on.json(init(), { env })
    await history(on)
    const before = asked()
    puts = 2
    whenExpired = () => give(NEW)
    expect(await on.json(["sync", "push"], { env: { ...env, ...SMALL } })).toMatchObject({ operations: 6000 })
    // Once at its beginning, and once more.
    expect(asked() - before).toBe(2)
    expect(usedKeys()).toEqual([OLD.accessKey, NEW.accessKey])
    const uploads = server.requests.filter(
      ({ method, path, status }) => method === "PUT" && status === 200 && path.includes("/segments/")
    )
    expect(new Set(uploads.map(({ path }) => path)).size).toBe(uploads.length)
  })

  it.each(kinds)(
    "and that %s renews with the same ones: exit code 3, nothing of them shown, and a later push goes on",
    async (_, prepared) => {
      const { env, give, on } = prepared()
      await on.json(init(), { env })
      await history(on)
      puts = 2
      whenExpired = () => {}
      const failed = await on.hx(["sync", "push", "--verbose", "--log-level", "all"], { env: { ...env, ...SMALL } })
      expect(failed.code).toBe(3)
      expect(failed.stderr).toContain("\nAccess Denied: the credentials have expired\n")
      for (const secret of [...Object.values(OLD), JWT]) expect(failed.stdout + failed.stderr).not.toContain(secret)
      give(NEW)
      const pushed = await on.json(["sync", "push"], { env: { ...env, ...SMALL } })
      expect(pushed).toMatchObject({ operations: 6000 })
    }
  )
})

describe("credentials that nobody gives", { timeout: 60_000 }, () => {
  it("since the process fails: exit code 3, the profile is named, its command line and output are not", async () => {
    const on = device({
      ".aws/config": `[profile hx]\ncredential_process = sh -c "echo password=hunter2 is wrong >&2; exit 1" --secret hunter2\n`
    })
    const ran = await on.hx([...init(), "--log-level", "all"], { env: { AWS_PROFILE: "hx" } })
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain("\nUnable to locate credentials\n")
    expect(ran.stderr).toContain("profile hx: its credential_process failed; run that by hand to see why")
    expect(ran.stderr).not.toContain("hunter2")
  })

  it("since STS refuses the web identity: exit code 3 in its words, without the token", async () => {
    const { env, on } = withWebIdentity()
    services.refuse("InvalidIdentityToken", `No OpenIDConnect provider found for ${JWT}`)
    const ran = await on.hx([...init(), "--log-level", "all"], { env })
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain("No OpenIDConnect provider found for …")
    expect(ran.stderr).not.toContain(JWT)
  })

  it("since the role may not be taken: STS is what denies it, and no permission of the bucket's is said to lack", async () => {
    const { env, on } = withWebIdentity()
    services.refuse("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    const ran = await on.hx(init(), { env })
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/^Access Denied\n.*no credentials were given: .*sts:AssumeRoleWithWebIdentity/)
    expect(ran.stderr).not.toContain("s3:")
    const checked = await on.hx(["sync", "check", "--json", "--store", store()], { env })
    const { checks } = JSON.parse(checked.stdout) as { checks: Array<{ check: string; outcome: string }> }
    expect(checks.filter(({ outcome }) => outcome === "failed").map(({ check }) => check)).toEqual(["credentials"])
  })

  it("since the token file is not there: exit code 3, and the file is named", async () => {
    const { env, on } = withWebIdentity()
    const ran = await on.hx(init(), { env: { ...env, AWS_WEB_IDENTITY_TOKEN_FILE: "/no/such/token" } })
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/^Unable to locate credentials\n.*\/no\/such\/token/)
  })

  it("since STS cannot be reached: exit code 6", async () => {
    const { env, on } = withWebIdentity()
    const sts = { AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9", HX_SYNC_RETRY_DELAY: "1ms" }
    const ran = await on.hx(init(), { env: { ...env, ...sts } })
    expect(ran.code).toBe(6)
    expect(ran.stderr).toMatch(/^Connection refused\n.*127\.0\.0\.1:9/)
  })
})
