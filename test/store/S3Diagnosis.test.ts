import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Option } from "effect"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type RequestListener } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, connect, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, vi } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { Settings } from "../../src/platform/Settings.ts"
import { environment } from "../../src/platform/Variables.ts"
import { type Check, type Finding, runChecks } from "../../src/store/Checks.ts"
import { RequestLog } from "../../src/store/RequestLog.ts"
import { Stores } from "../../src/store/Stores.ts"
import { type StoreError } from "../../src/store/StoreError.ts"
import { parseStoreUrl } from "../../src/store/StoreUrl.ts"
import { BOUNDS } from "../../src/sync/Check.ts"
import { type Fault, type FaultProxy, s3Error, startFaultProxy } from "./FaultProxy.ts"
import { selfSigned } from "./SelfSigned.ts"

const KEYS = "path_style=true&access_key=ACCESSKEY0123456789&secret_key=notshownanywhere"
const certificate = selfSigned(["localhost"])
const answerEmpty: RequestListener = (_request, response) =>
  response.end("<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>")

let directory: string
let s3: S3rverServer
let proxy: FaultProxy
const servers: Array<Server> = []

const serve = async (server: Server): Promise<number> => {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  s3 = await startS3rver(["bucket"])
  proxy = await startFaultProxy(s3.endpoint)
  directory = mkdtempSync(join(tmpdir(), "hx-diagnosis-"))
  writeFileSync(join(directory, "ca.pem"), certificate.certificate)
  writeFileSync(
    join(directory, "given"),
    '#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"PROCESSKEY01234567","SecretAccessKey":"processsecret"}\'\n'
  )
  chmodSync(join(directory, "given"), 0o755)
  writeFileSync(
    join(directory, "config"),
    `[profile kept]\naws_access_key_id = PROFILEKEY01234567\naws_secret_access_key = profilesecret\nregion = eu-west-3\n[profile asked]\ncredential_process = ${join(directory, "given")}\n`
  )
  vi.stubEnv("AWS_CONFIG_FILE", join(directory, "config"))
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(directory, "none"))
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(name, undefined)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await proxy.stop()
  await s3.stop()
  for (const server of servers) server.close()
  rmSync(directory, { recursive: true, force: true })
})

/** What is found out about the service of this URL: `part` of the checks. */
const diagnose = (
  url: string,
  options: {
    readonly part?: "before" | "after"
    readonly variables?: Readonly<Record<string, string>>
    readonly settings?: Readonly<Record<string, string>>
  } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { credentials, location } = Either.getOrThrow(parseStoreUrl(url, { workingDirectory: "/", home: "/" }))
      const diagnosis = yield* Effect.flatMap(Stores, (stores) =>
        stores.diagnose(location, {
          credentials,
          givenBy: "the store URL",
          listed: "manifests/",
          trial: "probe-test",
          bound: false
        })
      )
      const known: Check<StoreError> = { id: "put", needs: [], run: Effect.succeed({ outcome: "ok", detail: "" }) }
      const list: Check<StoreError> = { ...known, id: "list" }
      const checks =
        options.part === "after" ? [...diagnosis.before, list, known, ...diagnosis.after] : diagnosis.before
      const findings = yield* runChecks<StoreError, never, never, never>(checks, BOUNDS, () => Effect.void)
      const first = Option.getOrNull(yield* diagnosis.firstList)
      return { findings, list: first?.result, of: (id: string) => findings.find((finding) => finding.id === id) }
    })
  ).pipe(
    Effect.provide(
      Layer.provideMerge(Stores.layer, Layer.merge(Settings.layerTest(options.settings), RequestLog.layer))
    ),
    Effect.withConfigProvider(environment(options.variables ?? {}))
  )

const outcomes = (findings: ReadonlyArray<Finding<StoreError>>) => findings.map(({ id, outcome }) => `${id} ${outcome}`)

describe("the way to a service", () => {
  it.live("over plain http on loopback, as far as the first list", () =>
    Effect.gen(function* () {
      const { findings, list, of } = yield* diagnose(
        `s3://bucket/p?endpoint=${s3.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
      )
      expect(outcomes(findings)).toEqual(["name ok", "connect ok", "tls ok", "credentials ok", "region ok"])
      expect(of("tls")?.detail).toBe("plain http on loopback")
      expect(of("credentials")?.detail).toBe("the store URL, access key S3RV…")
      expect(list).toBe(0)
    })
  )

  it.live("a name is resolved, and one that nobody has fails there, with what comes after it untried", () =>
    Effect.gen(function* () {
      const known = yield* diagnose(`s3://bucket?endpoint=${s3.endpoint.replace("127.0.0.1", "localhost")}&${KEYS}`)
      expect(known.of("name")?.detail).toMatch(/^localhost is (127\.0\.0\.1|::1)/)
      const { findings, of } = yield* diagnose(`s3://bucket?endpoint=http://no-such-host.invalid&${KEYS}`)
      expect(outcomes(findings)[0]).toBe("name failed")
      // Where no name server answers, that takes longer than a connection may.
      expect(["Unreachable", "TimedOut"]).toContain(of("name")?.error?.reason)
      expect(of("connect")).toMatchObject({ outcome: "skipped", blockedBy: "name" })
    })
  )

  it.live("where nothing listens, connecting fails", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() => serve(createServer()))
      servers.pop()?.close()
      const { of } = yield* diagnose(`s3://bucket?endpoint=http://127.0.0.1:${port}&${KEYS}`)
      expect(of("connect")?.error).toMatchObject({ reason: "Refused" })
      expect(of("tls")).toMatchObject({ outcome: "skipped", blockedBy: "connect" })
    })
  )

  it.live("TLS is told with its version, who signed the certificate and for how long", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() =>
        serve(createTlsServer({ cert: certificate.certificate, key: certificate.key }, answerEmpty))
      )
      const url = `s3://bucket?endpoint=https://localhost:${port}&${KEYS}`
      const trusted = yield* diagnose(url, { variables: { AWS_CA_BUNDLE: join(directory, "ca.pem") } })
      expect(trusted.of("tls")?.detail).toMatch(/^TLSv1\.3, certificate by hx test, valid for \d{5} more days$/)
      expect(trusted.list).toBe(0)
      const unknown = yield* diagnose(url)
      expect(unknown.of("tls")?.error).toMatchObject({ reason: "Tls" })
      expect(unknown.of("credentials")?.outcome).toBe("skipped")
    })
  )

  it.live("https where plain http is spoken, and http where TLS is: either is told, with the endpoint to write", () =>
    Effect.gen(function* () {
      const plain = yield* diagnose(`s3://bucket?endpoint=${s3.endpoint.replace("http:", "https:")}&${KEYS}`)
      expect(plain.of("tls")).toMatchObject({ outcome: "failed", error: { reason: "Tls" } })
      expect(plain.of("tls")?.cure).toContain(`endpoint=${s3.endpoint}`)
      const port = yield* Effect.promise(() =>
        serve(createTlsServer({ cert: certificate.certificate, key: certificate.key }, answerEmpty))
      )
      const secure = yield* diagnose(`s3://bucket?endpoint=http://127.0.0.1:${port}&${KEYS}`)
      expect(secure.of("tls")).toMatchObject({ outcome: "failed", error: { reason: "Tls" } })
      expect(secure.of("tls")?.cure).toContain(`endpoint=https://127.0.0.1:${port}`)
    })
  )

  it.live("through a proxy, whose password is not shown", () =>
    Effect.gen(function* () {
      const service = yield* Effect.promise(() =>
        serve(createTlsServer({ cert: certificate.certificate, key: certificate.key }, answerEmpty))
      )
      const tunnel = createServer()
      tunnel.on("connect", (_request, client) => {
        const upstream = connect(service, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n")
          client.pipe(upstream).pipe(client)
        })
        upstream.on("error", () => client.destroy())
        client.on("error", () => upstream.destroy())
      })
      const port = yield* Effect.promise(() => serve(tunnel))
      const { findings, of } = yield* diagnose(`s3://bucket?endpoint=https://store.example&${KEYS}`, {
        variables: {
          HTTPS_PROXY: `http://me:proxypassword@127.0.0.1:${port}`,
          AWS_CA_BUNDLE: join(directory, "ca.pem")
        }
      })
      expect(of("name")?.detail).toBe("the proxy 127.0.0.1: 127.0.0.1 is an address itself")
      expect(of("connect")?.detail).toBe(`127.0.0.1:${port}, the proxy to store.example`)
      // The certificate is for another name: so this handshake went through the tunnel.
      expect(of("tls")?.error).toMatchObject({ reason: "Tls", detail: expect.stringContaining("another name") })
      expect(JSON.stringify(findings)).not.toContain("proxypassword")
    })
  )

  it.live("a login page is no store, and a server that stands still is waited for no longer than HX_SYNC_TIMEOUT", () =>
    Effect.gen(function* () {
      proxy.plan(() => ({
        kind: "answer",
        status: 200,
        headers: { "content-type": "text/html" },
        body: "<html>Log in</html>"
      }))
      const url = `s3://bucket?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
      const portal = yield* diagnose(url)
      expect(portal.list).toMatchObject({ reason: "NotAStore" })
      proxy.plan(() => ({ kind: "stall" }))
      const settings = { HX_SYNC_TIMEOUT: "300ms", HX_SYNC_CONNECT_TIMEOUT: "300ms" }
      const stalled = yield* diagnose(url, { settings })
      expect(stalled.list).toMatchObject({ reason: "TimedOut" })
      expect(outcomes(stalled.findings)).toEqual(["name ok", "connect ok", "tls ok", "credentials ok", "region ok"])
    })
  )
})

describe("whose credentials", () => {
  const url = () => `s3://bucket?endpoint=${proxy.endpoint}&path_style=true`
  const whose = (more: string, variables: Readonly<Record<string, string>> = {}) =>
    Effect.map(diagnose(`${url()}${more}`, { variables }), ({ findings, of }) => {
      expect(JSON.stringify(findings)).not.toMatch(/profilesecret|processsecret|envsecret/)
      return of("credentials")?.detail
    })

  it.live("is told, with little of the access key and nothing of the secret", () =>
    Effect.gen(function* () {
      proxy.plan(() => ({
        kind: "answer",
        status: 200,
        body: "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
      }))
      const variables = { AWS_ACCESS_KEY_ID: "ENVKEY0123456789", AWS_SECRET_ACCESS_KEY: "envsecret" }
      expect(yield* whose("", variables)).toBe("AWS_ACCESS_KEY_ID, access key ENVK…6789")
      expect(yield* whose("&profile=kept", variables)).toBe("profile kept, access key PROF…4567")
      expect(yield* whose("&profile=asked")).toBe("credential_process of profile asked, access key PROC…4567")
    })
  )

  it.live("none: that is where it fails; refused ones are told from a lacking permission", () =>
    Effect.gen(function* () {
      const refuse = (code: string) => proxy.plan(() => ({ kind: "answer", status: 403, body: s3Error(code) }))
      refuse("AccessDenied")
      const none = yield* diagnose(url())
      expect(none.of("credentials")?.error).toMatchObject({ reason: "NoCredentials" })
      for (const code of ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"]) {
        refuse(code)
        const { of } = yield* diagnose(`${url()}&${KEYS.replace("path_style=true&", "")}`)
        expect(of("credentials")?.outcome).toBe("failed")
        expect(of("region")).toMatchObject({ outcome: "skipped", blockedBy: "credentials" })
      }
      refuse("AccessDenied")
      const { list, of } = yield* diagnose(`${url()}&${KEYS.replace("path_style=true&", "")}`)
      expect(of("credentials")?.outcome).toBe("ok")
      expect(list).toMatchObject({ reason: "AccessDenied" })
    })
  )
})

describe("the region", () => {
  const region = (more: string, variables: Readonly<Record<string, string>> = {}) =>
    Effect.map(
      diagnose(`s3://bucket?endpoint=${s3.endpoint}&path_style=true&${more}`, { variables }),
      ({ of }) => of("region")?.detail
    )
  const keys = "access_key=S3RVER&secret_key=S3RVER"

  it.live("is told with who said so", () =>
    Effect.gen(function* () {
      expect(yield* region(`${keys}&region=eu-west-1`)).toBe("eu-west-1, by the store URL")
      expect(yield* region(keys, { AWS_REGION: "eu-west-2" })).toBe("eu-west-2, by AWS_REGION")
      expect(yield* region(keys, { AWS_DEFAULT_REGION: "eu-west-2" })).toBe("eu-west-2, by AWS_DEFAULT_REGION")
      expect(yield* region(keys)).toBe("us-east-1, which is usual where nobody says another")
    })
  )

  it.live("that is wrong fails, with the right one to write", () =>
    Effect.gen(function* () {
      proxy.plan(() => ({
        kind: "answer",
        status: 301,
        headers: { "x-amz-bucket-region": "eu-west-3" },
        body: s3Error("PermanentRedirect")
      }))
      const { of } = yield* diagnose(`s3://bucket?endpoint=${proxy.endpoint}&path_style=true&region=us-west-2&${keys}`)
      expect(of("credentials")?.outcome).toBe("ok")
      expect(of("region")).toMatchObject({
        outcome: "failed",
        error: { reason: "WrongRegion" },
        cure: expect.stringContaining("?region=eu-west-3")
      })
    })
  )
})

describe("what only S3 has", () => {
  const url = () => `s3://bucket/p?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`
  const at = (minutes: number): Fault => ({
    kind: "headers",
    headers: { date: new Date(Date.now() - minutes * 60_000).toUTCString() }
  })

  it.live("a clock that is off by more than 5 minutes is told, by more than 15 refused", () =>
    Effect.gen(function* () {
      const clock = (minutes: number) => {
        proxy.plan(() => at(minutes))
        return Effect.map(diagnose(url(), { part: "after" }), ({ of }) => of("clock"))
      }
      expect(yield* clock(0)).toMatchObject({ outcome: "ok", detail: "agrees with the store's" })
      expect(yield* clock(3)).toMatchObject({ outcome: "ok", detail: "3 min ahead of the store's" })
      expect(yield* clock(-6)).toMatchObject({ outcome: "warning", detail: "6 min behind the store's" })
      expect(yield* clock(20)).toMatchObject({ outcome: "failed", error: { reason: "ClockSkewed" } })
    })
  )

  it.live("an upload in parts is aborted, when its part is refused too", () =>
    Effect.gen(function* () {
      proxy.plan((_, { method }) =>
        method === "PUT" ? { kind: "answer", status: 403, body: s3Error("AccessDenied") } : undefined
      )
      const { of } = yield* diagnose(url(), { part: "after" })
      expect(of("multipart")?.error).toMatchObject({ reason: "AccessDenied" })
      const uploads = proxy.requests.filter(({ url: target }) => /uploads|uploadId/.test(target))
      expect(uploads.map(({ method }) => method)).toEqual(["POST", "PUT", "DELETE"])
    })
  )

  it.live("nobody needs to be permitted to ask whether versions are kept", () =>
    Effect.gen(function* () {
      proxy.plan((_, { url: target }) =>
        target.includes("versioning") ? { kind: "answer", status: 403, body: s3Error("AccessDenied") } : undefined
      )
      const { of } = yield* diagnose(url(), { part: "after" })
      expect(of("versioning")).toMatchObject({
        outcome: "skipped",
        detail: expect.stringContaining("s3:GetBucketVersioning")
      })
    })
  )
})
