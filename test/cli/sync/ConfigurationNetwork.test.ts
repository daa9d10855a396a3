/** The way to the store, on the built program: proxies, private certificate authorities, and buckets that are in another region. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type CredentialServices, startCredentialServices } from "../../store/CredentialServices.ts"
import { type ForwardProxy, startForwardProxy } from "../../store/ForwardProxy.ts"
import { type StandIn, startStandIn } from "../../store/S3StandIn.ts"
import { selfSigned } from "../../store/SelfSigned.ts"
import { makeDevice, makeScratch, type Ran } from "../Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const OURS = { accessKey: "AKIAOURSEXAMPLE00001", secretKey: "our/secret+key" }
const ROLE = { accessKey: "ASIAROLEEXAMPLE00001", secretKey: "role-secret", sessionToken: "role-token" }
const KEYS = `access_key=${OURS.accessKey}&secret_key=${encodeURIComponent(OURS.secretKey)}`
const PASSWORD = "hunter2 is/secret"

/** Stands for Amazon: the bucket is in Paris, whichever region it is asked through. */
const authority = selfSigned([
  "*.s3.us-east-1.amazonaws.com",
  "*.s3.eu-west-3.amazonaws.com",
  "sts.us-east-1.amazonaws.com"
])
const bundle = join(scratch.path, "ca.pem")
writeFileSync(bundle, authority.certificate)

let amazon: StandIn
let plain: StandIn
let sts: CredentialServices
let proxy: ForwardProxy
let guarded: ForwardProxy
let broken: ForwardProxy
beforeAll(async () => {
  const accounts = [OURS, ROLE]
  const domains = ["s3.us-east-1.amazonaws.com", "s3.eu-west-3.amazonaws.com"]
  amazon = await startStandIn({ buckets: ["in-paris"], accounts, domains, region: "eu-west-3", tls: authority })
  plain = await startStandIn({ buckets: ["history"], accounts })
  sts = await startCredentialServices(authority)
  sts.give(ROLE)
  const portOf = (host: string) =>
    host.endsWith(".invalid") ? plain.port : host.startsWith("sts.") ? sts.port : amazon.port
  proxy = await startForwardProxy({ portOf })
  guarded = await startForwardProxy({ portOf, credentials: `anna:${PASSWORD}` })
  broken = await startForwardProxy({ portOf, refuse: 503 })
})
afterEach(() => {
  for (const { requests, objects } of [amazon, plain]) {
    requests.length = 0
    objects.clear()
  }
  for (const { asked } of [proxy, guarded, broken, sts]) asked.length = 0
})
afterAll(() => Promise.all([amazon, plain, sts, proxy, guarded, broken].map(({ stop }) => stop())))

let devices = 0
const FEW = { HX_SYNC_RETRY_DELAY: "1ms", HX_SYNC_MAX_RETRIES: "1" }
const init = (url: string, env: Readonly<Record<string, string>>, more: ReadonlyArray<string> = []): Promise<Ran> =>
  makeDevice(scratch.path, `device-${devices++}`).hx(["sync", "init", "--no-encrypt", "--store", url, ...more], {
    env: { ...FEW, ...env }
  })

const through = ({ port }: ForwardProxy, user = "") => `http://${user}127.0.0.1:${port}`
const anna = `anna:${encodeURIComponent(PASSWORD)}@`
const PLAIN = `s3://history/hx?endpoint=http://storage.invalid:9000&${KEYS}`
const secure = () => `s3://in-paris/hx?region=eu-west-3&${KEYS}`

describe("a bucket at Amazon", { timeout: 60_000 }, () => {
  it("tells its region where nobody else does; init records it, and nobody asks again", async () => {
    const env = { HTTPS_PROXY: through(proxy), AWS_CA_BUNDLE: bundle }
    const device = makeDevice(scratch.path, "asking")
    const made = await device.json(["sync", "init", "--no-encrypt", "--store", `s3://in-paris/hx?${KEYS}`], { env })
    expect(made).toMatchObject({ outcome: "founded" })
    const [asked, ...rest] = amazon.requests
    expect(asked).toMatchObject({
      method: "HEAD",
      host: "in-paris.s3.us-east-1.amazonaws.com",
      region: "us-east-1",
      status: 301
    })
    expect(new Set(rest.map(({ host, region }) => `${host} ${region}`))).toEqual(
      new Set(["in-paris.s3.eu-west-3.amazonaws.com eu-west-3"])
    )
    amazon.requests.length = 0
    await device.json(["sync", "pull"], { env: { ...env, AWS_REGION: "us-east-1" } })
    expect(new Set(amazon.requests.map(({ region }) => region))).toEqual(new Set(["eu-west-3"]))
  })

  it("in another region than the one given: exit code 2, and the message names the right one", async () => {
    const ran = await init(`s3://in-paris/hx?region=us-east-1&${KEYS}`, {
      HTTPS_PROXY: through(proxy),
      AWS_CA_BUNDLE: bundle
    })
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toMatch(
      /^Wrong region\n.*in-paris\/hx\/vault\.json.*: the bucket is in eu-west-3\n.*\?region=eu-west-3\n$/
    )
  })
})

describe("a proxy", { timeout: 60_000 }, () => {
  it.each(["HTTPS_PROXY", "https_proxy"])("%s opens tunnels to services with TLS", async (name) => {
    const ran = await init(secure(), { [name]: through(proxy), AWS_CA_BUNDLE: bundle })
    expect(ran.code).toBe(0)
    expect(new Set(proxy.asked.map(({ what }) => what))).toEqual(
      new Set(["CONNECT in-paris.s3.eu-west-3.amazonaws.com:443"])
    )
  })

  it.each(["HTTP_PROXY", "http_proxy"])("%s is handed the requests for services without, whole", async (name) => {
    const ran = await init(PLAIN, { [name]: through(proxy) })
    expect(ran.code).toBe(0)
    expect(proxy.asked[0]?.what).toBe("GET http://storage.invalid:9000/history/hx/vault.json?x-id=GetObject")
    expect(plain.requests[0]).toMatchObject({ host: "storage.invalid:9000", accessKey: OURS.accessKey })
  })

  it.each([
    ["HTTP_PROXY", { NO_PROXY: "other.example, .invalid" }],
    ["HTTP_PROXY", { no_proxy: "storage.invalid:9000" }],
    ["HTTPS_PROXY", {}]
  ])("%s is not asked for a plain service under %j", async (name, exempt) => {
    const ran = await init(PLAIN, { [name]: through(proxy), ...exempt })
    expect(ran.code).toBe(6)
    expect(proxy.asked).toEqual([])
  })

  it.each(["NO_PROXY", "no_proxy"])(
    "is not asked for services with TLS that %s exempts, nor for this machine",
    async (name) => {
      const elsewhere = PLAIN.replace("http://", "https://")
      const exempt = await init(elsewhere, { HTTPS_PROXY: through(proxy), [name]: ".invalid" })
      expect(exempt.code).toBe(6)
      const here = `s3://in-paris/hx?endpoint=${amazon.endpoint}&region=eu-west-3&${KEYS}`
      const ran = await init(here, { HTTPS_PROXY: through(proxy), AWS_CA_BUNDLE: bundle })
      expect(ran.code).toBe(0)
      expect(proxy.asked).toEqual([])
    }
  )

  it("that wants a user and a password is given those of its URL", async () => {
    for (const [url, name] of [
      [PLAIN, "HTTP_PROXY"],
      [secure(), "HTTPS_PROXY"]
    ] as const) {
      const ran = await init(url, { [name]: through(guarded, anna), AWS_CA_BUNDLE: bundle })
      expect(ran.code).toBe(0)
    }
    expect(new Set(guarded.asked.map(({ user }) => user))).toEqual(new Set([`anna:${PASSWORD}`]))
  })

  it.each([
    ["HTTP_PROXY", PLAIN],
    ["HTTPS_PROXY", `s3://in-paris/hx?region=eu-west-3&${KEYS}`]
  ])("%s that refuses them: exit code 2 in plain words, and the password is shown nowhere", async (name, url) => {
    const env = { [name]: through(guarded, "anna:wrong-password@"), AWS_CA_BUNDLE: bundle }
    const ran = await init(url, env, ["--log-level", "all"])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("\nThe store cannot be used as configured\n")
    expect(ran.stderr).toContain(`the proxy 127.0.0.1:${guarded.port} answers 407: it wants a user and a password`)
    expect(ran.stderr).not.toContain("wrong-password")
    expect(ran.stderr).not.toContain(Buffer.from("anna:wrong-password").toString("base64"))
  })

  const useless: ReadonlyArray<readonly [what: string, url: () => string, code: number, words: RegExp]> = [
    ["is not there", () => "http://127.0.0.1:9", 6, /^Connection refused\n.*the proxy 127\.0\.0\.1:9 \(HTTPS_PROXY\)/],
    ["gets nowhere", () => through(broken), 6, /^No such host, or no way to it\n.*HTTPS_PROXY.* answers 503/],
    ["is of another kind", () => "socks5://127.0.0.1:1080", 2, /HTTPS_PROXY.*http:\/\/host:port/]
  ]
  it.each(useless)("that %s is named", async (_, url, code, words) => {
    const ran = await init(secure(), { HTTPS_PROXY: url(), AWS_CA_BUNDLE: bundle })
    expect(ran).toMatchObject({ code, stdout: "" })
    expect(ran.stderr).toMatch(words)
  })

  it("is chosen for each service by itself: the store on this machine directly, STS through the proxy", async () => {
    const token = join(scratch.path, "token")
    writeFileSync(token, "web-identity-token")
    const role = {
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/Hx",
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_REGION: "us-east-1"
    }
    const ran = await init(`s3://history/hx?endpoint=${plain.endpoint}`, {
      ...role,
      HTTPS_PROXY: through(proxy),
      AWS_CA_BUNDLE: bundle
    })
    expect(ran.code).toBe(0)
    expect(proxy.asked.map(({ what }) => what)).toEqual(["CONNECT sts.us-east-1.amazonaws.com:443"])
    expect(plain.requests[0]).toMatchObject({ accessKey: ROLE.accessKey })
  })
})

describe("a service whose certificate a private authority vouches for", { timeout: 60_000 }, () => {
  const url = () => `s3://in-paris/hx?endpoint=${amazon.endpoint}&region=eu-west-3&${KEYS}`

  it.each(["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])("is trusted with %s", async (name) => {
    expect((await init(url(), { [name]: bundle })).code).toBe(0)
  })

  it("is refused without: exit code 6, and both variables are named", async () => {
    const ran = await init(url(), {})
    expect(ran).toMatchObject({ code: 6, stdout: "" })
    expect(ran.stderr).toMatch(/^TLS failed\n/)
    expect(ran.stderr).toMatch(/AWS_CA_BUNDLE.*NODE_EXTRA_CA_CERTS/)
    expect(amazon.requests).toEqual([])
  })

  it("is refused for another name than the certificate's", async () => {
    const other = url().replace("127.0.0.1", "localhost")
    const ran = await init(other, { AWS_CA_BUNDLE: bundle })
    expect(ran.code).toBe(6)
    expect(ran.stderr).toMatch(/^TLS failed\n.*another name/)
  })

  it("an AWS_CA_BUNDLE that cannot be read is an error that names it: exit code 2", async () => {
    for (const path of ["/no/such/bundle.pem", "/etc/passwd"]) {
      const ran = await init(url(), { AWS_CA_BUNDLE: path })
      expect(ran.code).toBe(2)
      expect(ran.stderr).toContain(`AWS_CA_BUNDLE, on open: ${path} is no file of certificates`)
    }
  })
})
