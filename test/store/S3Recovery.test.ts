/** What the client itself mends between two attempts: its clock, its credentials. And what it must not do to a slow link. */

import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { build } from "esbuild"
import { chmodSync, writeFileSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, vi } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { Always } from "../../src/store/ObjectStore.ts"
import { retrying } from "../../src/store/RetryingStore.ts"
import { retryPolicy } from "../../src/store/StorePolicy.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"
import { type FaultProxy, s3Error, startFaultProxy } from "./FaultProxy.ts"
import { MIB, openS3 } from "./S3Fixture.ts"

let server: S3rverServer
let proxy: FaultProxy
beforeAll(async () => {
  server = await startS3rver(["recovery"])
  proxy = await startFaultProxy(server.endpoint)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await proxy.stop()
  await server.stop()
})

const policy = retryPolicy({ retries: 5, delay: Duration.millis(1), maxDelay: Duration.millis(5) })
const signedAt = (text: string | undefined): number => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "") ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}

describe("between two attempts", () => {
  it.scopedLive("the client takes the server's time for the right one", () =>
    Effect.gen(function* () {
      const ahead = Date.now() + 3_600_000 // the real time: the proxy and the SDK know no test clock
      const store = retrying(
        yield* openS3(`s3://recovery?endpoint=${proxy.endpoint}&access_key=S3RVER&secret_key=S3RVER`),
        policy
      )
      proxy.plan((index) => ({
        kind: "answer",
        status: index === 0 ? 403 : 200,
        headers: { date: new Date(ahead).toUTCString(), etag: '"e"' },
        body: index === 0 ? s3Error("RequestTimeTooSkewed") : ""
      }))
      yield* store.get("x", 100)
      const [first, second] = proxy.requests.map(({ headers }) => signedAt(String(headers["x-amz-date"])))
      expect(Math.abs((first ?? 0) - Date.now())).toBeLessThan(60_000)
      expect(Math.abs((second ?? 0) - ahead)).toBeLessThan(60_000)
    })
  )

  it.scopedLive("the client fetches new credentials for those that expired", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const script = join(directory, "credentials.sh")
      writeFileSync(
        script,
        `#!/bin/sh\nn=$(cat ${directory}/count 2>/dev/null || echo 0); echo $((n + 1)) > ${directory}/count\nprintf '{"Version":1,"AccessKeyId":"KEY%s","SecretAccessKey":"secret","SessionToken":"token"}' "$n"\n`
      )
      chmodSync(script, 0o700)
      writeFileSync(join(directory, "config"), `[profile fresh]\ncredential_process = ${script}\n`)
      vi.stubEnv("AWS_CONFIG_FILE", join(directory, "config"))
      vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(directory, "none"))
      const store = yield* openS3(`s3://recovery?endpoint=${proxy.endpoint}&region=us-east-1&profile=fresh`)
      proxy.plan((index) =>
        index === 1
          ? { kind: "answer", status: 400, body: s3Error("ExpiredToken") }
          : { kind: "answer", status: 200, headers: { etag: '"e"' } }
      )
      const patient = retrying(store, policy)
      yield* patient.get("x", 100)
      yield* patient.get("x", 100)
      expect(proxy.requests.map(({ headers }) => /KEY\d/.exec(headers.authorization ?? "")?.[0])).toEqual([
        "KEY0",
        "KEY0",
        "KEY1"
      ])
    })
  )
})

describe("a slow link", () => {
  it.scopedLive("finishes an upload that takes longer than the timeout, as long as bytes leave", () =>
    Effect.gen(function* () {
      const port = yield* slowReader
      const store = yield* openS3(`s3://recovery?endpoint=http://127.0.0.1:${port}&access_key=a&secret_key=b`, {
        policy: { timeout: Duration.millis(500), partSize: 64 * MIB }
      })
      const [elapsed] = yield* Effect.timed(store.put("x", Buffer.alloc(24 * MIB), { condition: Always }))
      expect(Duration.toMillis(elapsed)).toBeGreaterThan(1_000)
    })
  )
})

/** Takes about 16 MiB a second, in sips, and answers as S3 does when it has all. */
const slowReader = Effect.map(
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const listener = createServer((socket) => sip(socket))
          listener.listen(0, "127.0.0.1", () => resolve(listener))
        })
    ),
    (listener) => Effect.sync(() => listener.close())
  ),
  (listener) => {
    const address = listener.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }
)

const sip = (socket: Socket): void => {
  let received = 0
  let wanted = Infinity
  socket.on("error", () => undefined)
  socket.on("data", (chunk) => {
    const head = /content-length: (\d+)[^]*?\r\n\r\n/i.exec(chunk.toString("latin1"))
    if (wanted === Infinity && head !== null) wanted = Number(head[1]) + chunk.indexOf("\r\n\r\n") + 4
    received += chunk.length
    if (received >= wanted) return void socket.end('HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n')
    socket.pause()
    setTimeout(() => socket.resume(), 4)
  })
}

describe("what is loaded", () => {
  it("for stores in folders is nothing of the SDK, nor of S3", async () => {
    const entry = fileURLToPath(new URL("../../src/store/Stores.ts", import.meta.url))
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      splitting: true,
      write: false,
      metafile: true,
      outdir: "out",
      format: "esm",
      platform: "node",
      external: ["better-sqlite3"],
      logLevel: "silent"
    })
    const at = Object.entries(metafile.outputs).find(
      ([, { entryPoint }]) => entryPoint?.endsWith("store/Stores.ts") === true
    )
    const loaded = new Set<string>()
    const visit = (path: string): void => {
      if (loaded.has(path)) return
      loaded.add(path)
      for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
        if (kind === "import-statement") visit(next)
    }
    visit(at?.[0] ?? "")
    const inputs = [...loaded].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}))
    expect(inputs.some((input) => input.endsWith("FolderObjectStore.ts"))).toBe(true)
    expect(inputs.filter((input) => /@aws-sdk|@smithy|hpagent|S3ObjectStore|node_modules\/yaml/.test(input))).toEqual(
      []
    )
  })
})
