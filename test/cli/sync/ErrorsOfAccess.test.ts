/** Who may not: credentials and permissions, and the cures of the guide's "Unable to locate credentials" and "Access Denied". */

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { type Fault, s3Error } from "../../store/FaultProxy.ts"
import type { Device } from "../Hx.ts"
import {
  answer,
  describeRows,
  KEY,
  makeStage,
  OBJECT,
  page,
  type Row,
  SECRET,
  SECRETS,
  storeUrl,
  TOKEN,
  WRONG
} from "./FailureRows.ts"
import { expectClean, type Told } from "./Told.ts"

const stage = makeStage()

const REFUSED = { code: 3, words: "Access Denied: the credentials are wrong", hint: "Check access key and secret key" }

const credentials: Readonly<Record<string, Row>> = {
  "no credentials": {
    url: (endpoint) => storeUrl(endpoint, "p", ""),
    told: {
      code: 3,
      words: "Unable to locate credentials",
      subject: [OBJECT],
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    },
    requests: 0
  },
  "a profile that nobody has configured": {
    url: (endpoint) => storeUrl(endpoint, "p", ""),
    env: { AWS_PROFILE: "nobody" },
    told: { code: 3, words: "Unable to locate credentials", subject: ["profile nobody"], hint: "AWS_PROFILE" },
    requests: 0
  },
  "a wrong secret": {
    url: (endpoint) => storeUrl(endpoint, "p", `&access_key=${KEY}&secret_key=${WRONG}`),
    told: { ...REFUSED, subject: [OBJECT, "the secret key is not the one that belongs to the access key"] },
    requests: 1
  },
  "a wrong secret, from variables": {
    url: (endpoint) => storeUrl(endpoint, "p", ""),
    env: { AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: WRONG },
    told: { ...REFUSED, subject: ["the secret key is not the one"] }
  },
  "a wrong access key": {
    url: (endpoint) => storeUrl(endpoint, "p", `&access_key=AKIANOBODY&secret_key=${WRONG}`),
    told: { ...REFUSED, subject: [OBJECT, "it knows no such access key"] },
    requests: 1
  },
  "a wrong session token": {
    url: (endpoint) => storeUrl(endpoint, "p", `&access_key=${KEY}&secret_key=${SECRET}&session_token=${TOKEN}`),
    told: { ...REFUSED, subject: ["the session token is not valid"] },
    requests: 1
  },
  "an expired token": {
    url: (endpoint) => storeUrl(endpoint, "p", `&access_key=${KEY}&secret_key=${SECRET}&session_token=${TOKEN}`),
    fault: answer(400, "ExpiredToken"),
    told: { code: 3, words: "Access Denied: the credentials have expired", subject: [OBJECT], hint: "Renew them" },
    requests: 2
  },
  "a clock that is wrong, and stays so when the store tells the time": {
    fault: answer(403, "RequestTimeTooSkewed"),
    told: {
      code: 3,
      words: "Access Denied: the clock of this machine is wrong",
      subject: [OBJECT],
      hint: "Set the clock"
    },
    requests: 2
  }
}

/** What Amazon answers, word for word but for the names. */
const notAuthorized = (action: string, why: string): Fault => ({
  kind: "answer",
  status: 403,
  body: s3Error("AccessDenied").replace(
    "about AccessDenied",
    `User: arn:aws:iam::123456789012:user/somebody-with-a-long-name is not authorized to perform: ${action} on resource: &quot;arn:aws:s3:::vault&quot; ${why}`
  )
})

const denied = (permission: string, resource: string): Told => ({
  code: 3,
  words: "Access Denied",
  subject: [`${permission} on ${resource}`, "is not allowed"],
  hint: `Allow ${permission} in the user's or the bucket's policy`
})

const permissions: Readonly<Record<string, Row>> = {
  "reading is not allowed": {
    url: (endpoint) => storeUrl(endpoint, "there"),
    fault: (_, { method, url }) =>
      method === "GET" && !url.includes("list-type") ? answer(403, "AccessDenied") : undefined,
    told: denied("s3:GetObject", "arn:aws:s3:::vault/there/vault.json")
  },
  "listing is not allowed, so that what is absent looks forbidden": {
    fault: (_, { method }) => (method === "GET" ? answer(403, "AccessDenied") : undefined),
    told: denied("s3:ListBucket", "arn:aws:s3:::vault")
  },
  "writing is not allowed": {
    fault: (_, { method }) => (method === "PUT" ? answer(403, "AccessDenied") : undefined),
    told: denied("s3:PutObject", "arn:aws:s3:::vault/p/probe-")
  },
  "Amazon names the permission, and why it lacks": {
    fault: notAuthorized("s3:ListBucket", "because no identity-based policy allows the s3:ListBucket action"),
    told: {
      ...denied("s3:ListBucket", "arn:aws:s3:::vault"),
      subject: [
        "s3:ListBucket on arn:aws:s3:::vault is not allowed: no identity-based policy allows the s3:ListBucket action"
      ]
    }
  },
  "Amazon names an explicit denial": {
    fault: notAuthorized("s3:GetObject", "with an explicit deny in a resource-based policy"),
    told: {
      ...denied("s3:GetObject", "arn:aws:s3:::vault/p"),
      subject: ["is not allowed: an explicit deny in a resource-based policy"]
    }
  },
  "a firewall's page with status 403": {
    fault: page(403),
    told: { code: 3, words: "Access Denied", subject: ["it answers with a web page, status 403"], hint: "policy" }
  }
}

beforeAll(async () => {
  await stage.device("founder").json(["sync", "init", "--no-encrypt", "--store", storeUrl(stage.endpoint(), "there")])
})

describeRows("what init says of credentials", stage, credentials)
describeRows("what init says of permissions", stage, permissions)

describe("what cures it", { timeout: 60_000 }, () => {
  const init = (device: Device, url: string, env: Readonly<Record<string, string>> = {}) =>
    device.json(["sync", "init", "--no-encrypt", "--store", url], { env })

  it("credentials: variables, or a profile, as the guide says", async () => {
    stage.proxy().plan(() => undefined)
    const device = stage.device("credentials")
    const keyless = storeUrl(stage.proxy().endpoint, "credentials", "")
    expect((await device.hx(["sync", "init", "--store", keyless])).code).toBe(3)
    await init(device, keyless, { AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: SECRET })
    mkdirSync(join(device.home, ".aws"))
    const profile = `[your-profile]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n`
    writeFileSync(join(device.home, ".aws", "credentials"), profile)
    expect((await device.hx(["sync", "pull"])).stderr).toMatch(/^Unable to locate credentials\n/)
    await device.json(["sync", "pull"], { env: { AWS_PROFILE: "your-profile" } })
  })

  it("Access Denied: the right keys in the URL, which later commands need not be told", async () => {
    stage.proxy().plan(() => undefined)
    const device = stage.device("denied")
    const url = storeUrl(stage.proxy().endpoint, "denied")
    expect((await device.hx(["sync", "init", "--store", url.replace(SECRET, WRONG)])).code).toBe(3)
    await init(device, url)
    expect(await device.json(["sync", "pull"])).toMatchObject({ devices: 0 })
  })

  it("a probe that may not be deleted is told, with the permission, and init goes on", async () => {
    stage.proxy().plan((_, { method }) => (method === "DELETE" ? answer(403, "AccessDenied") : undefined))
    const url = storeUrl(stage.proxy().endpoint, "undeleted")
    const ran = await stage.device("undeleted").hx(["sync", "init", "--no-encrypt", "--store", url])
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain("s3:DeleteObject on arn:aws:s3:::vault/undeleted/probe-")
    expectClean(ran, SECRETS)
  })

  it("a secret is not even in what --log-level debug says", async () => {
    stage.proxy().plan(() => undefined)
    const url = storeUrl(stage.proxy().endpoint, "debug").replace(SECRET, WRONG)
    const ran = await stage.device("debug").hx(["sync", "init", "--store", url, "--log-level", "debug"])
    expect(ran.code).toBe(3)
    for (const secret of SECRETS) expect(ran.stdout + ran.stderr).not.toContain(secret)
  })
})
