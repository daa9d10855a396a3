/** Configuration on a server that verifies every signature and gives temporary credentials itself (Ceph's gateway; HX_TEST_S3_*, see scripts/rgw-server). */

import { CreateBucketCommand } from "@aws-sdk/client-s3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createHash, randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type FaultProxy, s3Error, startFaultProxy } from "../../store/FaultProxy.ts"
import { rawClient, realServer } from "../../store/S3Fixture.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const real = realServer()

describe.skipIf(real === undefined)("on a real S3 server", { timeout: 60_000 }, () => {
  if (real === undefined) return
  const scratch = makeScratch()
  const bucket = `hx-test-${randomBytes(6).toString("hex")}`
  const { host, port } = new URL(real.endpoint)
  const keys = `access_key=${real.accessKey}&secret_key=${encodeURIComponent(real.secretKey)}`
  let proxy: FaultProxy

  beforeAll(async () => {
    const client = rawClient(real)
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    proxy = await startFaultProxy(real.endpoint)
  })
  afterAll(async () => {
    scratch.remove()
    await proxy.stop()
  })

  const init = (url: string) => ["sync", "init", "--no-encrypt", "--store", url]
  const device = (name: string): Device => {
    const made = makeDevice(scratch.path, name)
    mkdirSync(join(made.home, ".aws"))
    writeFileSync(
      join(made.home, ".aws", "credentials"),
      `[base]\naws_access_key_id=${real.accessKey}\naws_secret_access_key=${real.secretKey}\n`
    )
    writeFileSync(
      join(made.home, ".aws", "config"),
      "[profile role]\nrole_arn = arn:aws:iam:::role/hx-role\nsource_profile = base\nregion = us-east-1\n"
    )
    return made
  }
  const role = { AWS_PROFILE: "role", AWS_ENDPOINT_URL_STS: real.endpoint }

  it("a vault that was made with the bucket before the host is joined with the bucket in the path", async () => {
    const before = device("before")
    const url = `s3://${bucket}/styles?endpoint=localhost:${port}&path_style=false&${keys}`
    const founded = await before.json(init(url))
    await record(before.data, ["make all"])
    expect(await before.json(["sync", "push"])).toMatchObject({ operations: 1 })
    const path = device("path")
    const joined = await path.json(init(`s3://${bucket}/styles?endpoint=${host}&path_style=true&${keys}`))
    expect(joined).toMatchObject({ outcome: "joined", vaultId: founded["vaultId"] })
    expect(await path.json(["sync", "pull"])).toMatchObject({ added: 1 })
  })

  it("keys come from variables, or from a profile", async () => {
    const url = `s3://${bucket}/sources?endpoint=${host}`
    const variables = { AWS_ACCESS_KEY_ID: real.accessKey, AWS_SECRET_ACCESS_KEY: real.secretKey }
    expect(await device("variables").json(init(url), { env: variables })).toMatchObject({ outcome: "founded" })
    expect(await device("profile").json(init(url), { env: { AWS_PROFILE: "base" } })).toMatchObject({
      outcome: "joined"
    })
    expect(await device("in-url").json(init(`${url}&profile=base`))).toMatchObject({ outcome: "joined" })
  })

  it("a role's session is accepted; one that nobody was given is refused: exit code 3, and its token is not shown", async () => {
    const url = `s3://${bucket}/role?endpoint=${host}`
    expect(await device("role").json(init(url), { env: role })).toMatchObject({ outcome: "founded" })
    const wrong = await device("wrong").hx(
      init(`${url}&access_key=ASIANOBODY&secret_key=nobody&session_token=${encodeURIComponent("aToken+/".repeat(10))}`)
    )
    expect(wrong).toMatchObject({ code: 3, stdout: "" })
    expect(wrong.stderr).toMatch(/^Access Denied/)
    expect(wrong.stderr).not.toContain("aToken")
  })

  it("a session that expires in the middle of a push is renewed, and the push goes on", async () => {
    const on = device("expiring")
    await on.json(init(`s3://${bucket}/expiring?endpoint=${proxy.endpoint}`), { env: role })
    const lines = Array.from({ length: 6000 }, (_, index) => createHash("sha256").update(`${index}`).digest("hex"))
    await record(on.data, lines)
    const seen: Array<string> = []
    let puts = 0
    proxy.plan((_, { headers, method }) => {
      const key = /Credential=([^/]*)/.exec(headers.authorization ?? "")?.[1] ?? ""
      if (!seen.includes(key)) seen.push(key)
      if (method === "PUT") puts += 1
      return key === seen[0] && puts > 2 ? { kind: "answer", status: 400, body: s3Error("ExpiredToken") } : undefined
    })
    const settings = { HX_SYNC_SEGMENT_SIZE: "64KiB", HX_SYNC_COMPRESSION: "false", HX_SYNC_RETRY_DELAY: "1ms" }
    const pushed = await on.json(["sync", "push"], { env: { ...role, ...settings } })
    expect(pushed).toMatchObject({ operations: 6000 })
    expect(seen.length).toBe(2)
    const reader = device("reader")
    await reader.json(init(`s3://${bucket}/expiring?endpoint=${host}`), { env: role })
    expect(await reader.json(["sync", "pull"], { env: role })).toMatchObject({ added: 6000, problems: [] })
  })
})
