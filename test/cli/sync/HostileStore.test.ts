/**
 * Stores whose contents somebody made to do harm, read by the built program: bounded memory and time, exact words, nothing of it applied, and what is
 * good beside it applied all the same. The vaults are without encryption, where anybody can make objects that open: with it, all of this ends at the
 * envelope (test/format/Hostile.test.ts).
 */

import { Effect } from "effect"
import { createHash } from "node:crypto"
import { execFileSync } from "node:child_process"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { constants, brotliCompressSync } from "node:zlib"
import { afterAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { DeviceId } from "../../../src/domain/Device.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import { derivedId } from "../../../src/domain/EntryId.ts"
import { chainHash, emptyChain, extendChain } from "../../../src/domain/LogChain.ts"
import { manifestContext, seal, segmentContext } from "../../../src/format/Envelope.ts"
import { canonicalJson, type Json } from "../../../src/format/Json.ts"
import { plainKeyring } from "../../../src/format/Keyring.ts"
import { encode, type Manifest, type SegmentRef } from "../../../src/format/Manifest.ts"
import { SegmentWriter } from "../../../src/format/SegmentWriter.ts"
import { collect, forward } from "../../store/Forward.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record, rename } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)
let made = 0

/** The long runs of the continuous integration go to the bounds of the format. */
const MANY = Number(process.env["HX_TEST_CASES"] ?? 0) >= 100_000

/** KiB. hx alone takes about 80 MiB, a pull of a million entries at most 300; the largest manifest that there can be takes the most. */
const MOST_MEMORY = 512 * 1024
const PEAK = fileURLToPath(new URL("../Peak.cjs", import.meta.url))

/** Runs it, and checks what it took. */
const within = async (device: Device, words: ReadonlyArray<string>, seconds = 120) => {
  const peak = join(scratch.path, `peak-${++made}`)
  const started = process.hrtime.bigint()
  const ran = await device.hx(words, { env: { NODE_OPTIONS: `--require ${PEAK}`, HX_TEST_PEAK: peak } })
  const took = Number(process.hrtime.bigint() - started) / 1e9
  const memory = Number(readFileSync(peak, "utf8"))
  if (process.env["HX_TEST_FIGURES"] !== undefined) {
    process.stderr.write(
      `${words.join(" ")}: ${Math.round(memory / 1024)} MiB, ${took.toFixed(1)} s, code ${ran.code}\n`
    )
  }
  expect(memory).toBeLessThan(MOST_MEMORY)
  expect(took).toBeLessThan(seconds)
  expect(ran.stdout + ran.stderr).not.toMatch(UNSAFE)
  return ran
}

/** What steers a terminal or turns text around: everything but newlines and tabs. */
const UNSAFE = /[\x00-\x08\x0B-\x1F\x7F-\x9F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/u

interface Vault {
  readonly root: string
  readonly id: string
  /** Has published "good", by the name of alpha. */
  readonly a: Device
  /** Reads. */
  readonly b: Device
}

const vaultIn = async (url: string, root = ""): Promise<Vault> => {
  const [a, b] = [makeDevice(scratch.path, `a-${++made}`), makeDevice(scratch.path, `b-${made}`)]
  for (const [device, name] of [
    [a, "alpha"],
    [b, "beta"]
  ] as const) {
    await device.json(["sync", "init", "--store", url, "--no-encrypt", "--device", name])
  }
  await record(a.data, ["good"])
  await a.json(["sync", "push"])
  const { vaultId } = (await b.json(["sync", "status"])) as { vaultId: string }
  return { root, id: vaultId, a, b }
}

const folder = (): Promise<Vault> => {
  const root = join(scratch.path, `store-${++made}`)
  return vaultIn(`folder:${root}`, root)
}

const EVIL = DeviceId("e1".repeat(16))
const manifestIn = (root: string, device: string = EVIL) => join(root, "manifests", `${device}.hxm`)

/** A manifest of nobody's, with whatever it is told to say. */
const manifestOf = (changes: Partial<Manifest>): Manifest => ({
  device: EVIL,
  label: "evil",
  sequence: 1,
  nonce: "0a".repeat(16),
  published: 1_700_000_000_000_000,
  epoch: 0,
  last: 0,
  chain: chainHash(emptyChain(EVIL)),
  segments: [],
  retired: [],
  seen: [],
  tail: new SegmentWriter(EVIL).finish(),
  ...changes
})

const sealed = (
  vault: Vault,
  bytes: Uint8Array,
  context = manifestContext(EVIL),
  codec: "none" | "brotli" = "brotli"
) => Effect.runPromise(seal(bytes, context, plainKeyring(vault.id), { codec, salt: new Uint8Array(24) })) // the edge: tests with promises

const plant = async (vault: Vault, manifest: Partial<Manifest>) => {
  const bytes = await Effect.runPromise(encode(manifestOf(manifest))) // the edge, too
  writeFileSync(manifestIn(vault.root), await sealed(vault, bytes))
}

/** The same of a document that hx would never write. */
const plantDocument = async (vault: Vault, document: string) => {
  const json = Buffer.from(document)
  const length: Array<number> = []
  for (let rest = json.length; length.at(-1) === undefined || length.at(-1)! > 127; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
  }
  const bytes = Buffer.concat([Buffer.from(length), json, new SegmentWriter(EVIL).finish()])
  writeFileSync(manifestIn(vault.root), await sealed(vault, bytes))
}

const segment = (index: number, changes: Partial<SegmentRef> = {}): SegmentRef => ({
  id: index.toString(16).padStart(32, "0"),
  first: index + 1,
  last: index + 1,
  count: 1,
  size: 64,
  sealed: 64,
  sha256: "0".repeat(64),
  chain: "0".repeat(32),
  ...changes
})

const known = async (device: Device): Promise<ReadonlyArray<string>> => {
  const { stdout } = await device.hx(["export", "--format", "jsonl", "--file", "-"])
  return [...stdout.matchAll(/"command": ?"([^"]*)"/g)].map(([, command = ""]) => command)
}

/** Pulls: what is bad is told in these words, what is good is there. */
const pullTells = async ({ b }: Vault, ...words: ReadonlyArray<string | RegExp>) => {
  const ran = await within(b, ["sync", "pull"])
  expect(ran.code, ran.stderr).toBe(8)
  for (const each of words) expect(ran.stdout).toMatch(each)
  expect(await known(b)).toEqual(["good"])
  for (const more of [[], ["--verbose", "--detailed"], ["--json"]]) {
    expect((await within(b, ["sync", "status", ...more])).code).toBe(0)
  }
  return ran
}

describe("a folder that somebody filled", { timeout: 300_000 }, () => {
  it("with files of 100 GB: refused by their size", async () => {
    const vault = await folder()
    for (const name of [EVIL, `${EVIL}.sync-conflict-1`]) {
      writeFileSync(manifestIn(vault.root, name), "")
      truncateSync(manifestIn(vault.root, name), 100 * 2 ** 30)
    }
    await pullTells(vault, /Not used: manifests\/e1.*107374182400 bytes, at most \d+ expected/)
    writeFileSync(join(vault.root, "vault.json"), "")
    truncateSync(join(vault.root, "vault.json"), 100 * 2 ** 30)
    const late = makeDevice(scratch.path, `late-${++made}`)
    const refused = await within(late, ["sync", "init", "--store", `folder:${vault.root}`])
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain("107374182400 bytes, at most 1048576 expected")
  })

  it("with what decompresses to more than it says, or to all that is allowed", async () => {
    const vault = await folder()
    const zeros = Buffer.alloc(64 * 2 ** 20)
    const ref = segment(0, { size: zeros.length, sha256: createHash("sha256").update(zeros).digest("hex") })
    await plant(vault, { last: 1, segments: [ref] })
    const at = join(vault.root, "segments", EVIL, `${ref.id}.hxs`)
    mkdirSync(join(at, ".."), { recursive: true })
    writeFileSync(at, await sealed(vault, zeros, segmentContext(EVIL, ref.id)))
    await pullTells(vault, /Not used: segments\/e1.* of evil: /)
    // The same with one byte more than the header says.
    const bomb = Buffer.from(await sealed(vault, zeros.subarray(1), segmentContext(EVIL, ref.id)))
    const payload = brotliCompressSync(Buffer.alloc(2 ** 30), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    const forged = Buffer.concat([bomb.subarray(0, 76), payload])
    writeFileSync(at, redigested(vault.id, forged, ["segment", EVIL, ref.id]))
    await pullTells(vault, /does not decompress|sizes do not agree/)
  })

  it("with a manifest of as many segments as fit in, none of which is there", async () => {
    const vault = await folder()
    const segments = Array.from({ length: MANY ? 60_000 : 3_000 }, (_, index) => segment(index))
    await plant(vault, { last: segments.length, segments })
    const ran = await pullTells(vault, /Not used: segments\/e1.* of evil: the segment is gone\n/)
    expect(ran.stdout.split("\n").length).toBeLessThan(1_000)
    expect((await within(vault.b, ["sync", "pull"])).code).toBe(8)
  })

  it("with manifests of as many devices as there can be, that say nothing that can be read", async () => {
    const vault = await folder()
    for (let index = 0; index < (MANY ? 10_000 : 500); index++) {
      writeFileSync(manifestIn(vault.root, (index + 1).toString(16).padStart(32, "0")), "x".repeat(100))
    }
    const ran = await pullTells(vault, /Not used: manifests\/0+1\.hxm of /)
    expect(ran.stdout.split("\n").length).toBeLessThan(1_000)
  })

  it("with documents that are deep, of wrong types, twice the same, or of the largest numbers", async () => {
    const vault = await folder()
    const good = { version: 1, mandatory: [], ...manifestOf({}), tail: undefined }
    const json = canonicalJson(JSON.parse(JSON.stringify(good)) as Json)
    const documents: ReadonlyArray<readonly [document: string, words: string]> = [
      [`{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`, "its JSON does not read"],
      [json.replace('"sequence":1', '"sequence":"1"'), "sequence"],
      [json.replace('"label":"evil"', '"label":["evil"]'), "label"],
      [json.replace('"sequence":1', '"sequence":9007199254740993'), "its JSON does not read"],
      [json.replace('"sequence":1', '"sequence":1e999'), "its JSON does not read"],
      [json.replace('"label":"evil"', `"label":"${"x".repeat(300)}"`), "label"],
      [json.replace('"mandatory":[]', '"mandatory":["\\u001b[31mfuture\\u202e"]'), String.raw`(\x1b[31mfuture\u202e)`],
      [json.replace(EVIL, "../../../etc/passwd"), "device"],
      [json.replace('"last":0', '"last":7'), "its inline tail has another number of operations"]
    ]
    for (const [document, words] of documents) {
      await plantDocument(vault, document)
      const ran = await within(vault.b, ["sync", "pull"])
      expect([ran.code, ran.stdout]).toEqual([8, expect.stringContaining(words) as string])
    }
    await pullTells(vault, /its inline tail has another number of operations/)
  })

  it("with a sighting of ours that leaves no number above it: what we publish is still believed", async () => {
    const vault = await folder()
    const { device } = (await vault.b.json(["sync", "status"])) as { device: { id: string } }
    await plant(vault, { seen: [{ device: DeviceId(device.id), sequence: Number.MAX_SAFE_INTEGER }] })
    await vault.b.json(["sync", "pull"])
    await record(vault.b.data, ["of beta"])
    await vault.b.json(["sync", "push"])
    const pulled = await within(vault.a, ["sync", "pull"])
    expect([pulled.code, pulled.stdout]).toEqual([0, expect.stringMatching(/^Pulled 1 new entry from 2 devices/)])
  })

  it("with links, pipes, folders and names that lead elsewhere: none is followed or waited for", async () => {
    const vault = await folder()
    const at = (name: string) => join(vault.root, "manifests", name)
    writeFileSync(join(scratch.path, "outside"), "secret")
    symlinkSync(join(scratch.path, "outside"), manifestIn(vault.root))
    symlinkSync("/dev/zero", manifestIn(vault.root, "e2".repeat(16)))
    execFileSync("mkfifo", [manifestIn(vault.root, "e3".repeat(16))])
    mkdirSync(manifestIn(vault.root, "e4".repeat(16)))
    for (const name of [
      "\u001B[31mred.hxm",
      "a\nb.hxm",
      `${"e5".repeat(16)}\u202Egnp.hxm`,
      "x".repeat(250),
      "..hxm",
      "...",
      "%2e%2e"
    ]) {
      writeFileSync(at(name), "x")
    }
    const { b } = vault
    const ran = await within(b, ["sync", "pull"])
    expect([0, 8]).toContain(ran.code)
    expect(await known(b)).toEqual(["good"])
    for (const words of [
      ["sync", "status", "--verbose", "--detailed"],
      ["sync", "check"],
      ["status", "--storage"],
      ["doctor"]
    ]) {
      expect([0, 8]).toContain((await within(b, words)).code)
    }
  })

  it("with commands, folders, hosts and names that would steer the terminal: every command shows them harmless", async () => {
    const vault = await folder()
    const nasty = "\u001B]0;owned\u0007\u009B31m\u202Etxt\u200B\u0000\rover\u007F\u{E0041}"
    const entries = Array.from({ length: 3 }, (_, index): Entry => {
      const start = 1_700_000_000_000_000 + index * 1_000_000
      const body = {
        start,
        duration: 5,
        exit: 1,
        command: `echo ${index} ${nasty}`,
        cwd: `/${nasty}`,
        session: nasty,
        host: nasty,
        user: nasty,
        shell: nasty,
        origin: index === 2 ? `import:${nasty}` : "live",
        device: EVIL,
        ordinal: index
      }
      return { ...body, id: derivedId(body)! }
    })
    const writer = new SegmentWriter(EVIL)
    for (const entry of entries) writer.add({ kind: "add", entry })
    const chain = chainHash(
      extendChain(
        emptyChain(EVIL),
        entries.map(({ id }) => id)
      )
    )
    await plant(vault, { label: nasty, last: 3, chain, tail: writer.finish() })
    await rename(vault.a.data, nasty)
    await record(vault.a.data, ["more"])
    await vault.a.json(["sync", "push"])
    const { b } = vault
    expect((await within(b, ["sync", "pull", "--verbose"])).code).toBe(0)
    const id = entries[0]!.id
    for (const words of [
      ["find", "echo"],
      ["find", "echo", "--json"],
      ["find", "echo", "--host", nasty],
      ["last"],
      ["last", "--json"],
      ["show", id],
      ["show", id, "--json"],
      ["stats"],
      ["stats", "--json"],
      ["status", "--storage"],
      ["doctor"],
      ["sync", "status"],
      ["sync", "status", "--verbose", "--detailed"],
      ["sync", "status", "--json"],
      ["sync", "check"],
      ["sync", "devices"],
      ["sync", "verify"],
      ["forget", "--match", "echo 0", "--json"],
      ["sync", "pull", "--force", "--verbose"]
    ]) {
      const ran = await within(
        b,
        words.map((word) => word.replaceAll("\0", ""))
      )
      expect(ran.code, `${words.join(" ")}: ${ran.stderr}`).not.toBe(1)
    }
  })
})

/** The digest and checksum of a forged envelope put right. */
const redigested = (vault: string, bytes: Buffer, place: ReadonlyArray<string>): Buffer => {
  const context = Buffer.concat([vault, ...place].flatMap((each) => [Buffer.from([0, each.length]), Buffer.from(each)]))
  const digest = createHash("sha256").update(bytes.subarray(0, 40)).update(context).update(bytes.subarray(76)).digest()
  const result = Buffer.from(bytes)
  result.set(digest, 40)
  result.writeUInt32BE(crc32(result.subarray(0, 72)), 72)
  return result
}

/** CRC-32 as zlib has it. */
const crc32 = (bytes: Uint8Array): number => {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

type Answer = (response: ServerResponse, url: URL) => void

/** A server in front of another, which answers some requests by itself. */
const startLiar = async (target: string) => {
  let lie: (method: string, url: URL) => Answer | undefined = () => undefined
  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => undefined)
    outgoing.on("error", () => undefined)
    const url = new URL(incoming.url ?? "/", target)
    const answer = lie(incoming.method ?? "", url)
    if (answer !== undefined) return answer(outgoing, url)
    collect(incoming)
      .then((body) => forward(target, incoming, body))
      .then(({ body, headers, status }) => outgoing.writeHead(status, headers).end(body))
      .catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lies: (next: typeof lie) => void (lie = next),
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }
  }
}

const isList = (method: string, url: URL) => method === "GET" && url.searchParams.has("list-type")
const isManifest = (method: string, url: URL) => method === "GET" && url.pathname.includes("/manifests/")

const xml =
  (body: string): Answer =>
  (response) =>
    void response
      .writeHead(200, { "content-type": "application/xml" })
      .end(`<?xml version="1.0" encoding="UTF-8"?>${body}`)

const listOf = (bucket: string, contents: string, more = "<IsTruncated>false</IsTruncated>"): string =>
  `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><MaxKeys>1000</MaxKeys>${more}${contents}</ListBucketResult>`

const content = (key: string, size = "100", etag = "&quot;e&quot;"): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${etag}</ETag><Size>${size}</Size></Contents>`

/** Bytes without end, as fast as they are taken. */
const endless = (response: ServerResponse) => {
  const more = Buffer.alloc(1 << 20, 0x20)
  const send = () => {
    while (!response.destroyed && response.write(more));
  }
  response.on("drain", send)
  send()
}

describe("a server that lies", { timeout: 300_000 }, () => {
  it("is not believed, not waited for without end, and not shown raw", async () => {
    const bucket = "vaults"
    const s3 = await startS3rver([bucket])
    const liar = await startLiar(s3.endpoint)
    try {
      const url = `s3://${bucket}/p?endpoint=${liar.endpoint}&path_style=true&access_key=${s3.accessKey}&secret_key=${s3.secretKey}`
      const { a, b } = await vaultIn(url)
      const env = ["sync", "pull"]
      const tells = async (code: number, words: RegExp) => {
        const ran = await within(b, env)
        expect(ran.code, ran.stderr).toBe(code)
        expect(ran.stdout + ran.stderr).toMatch(words)
        expect((await within(b, ["sync", "status", "--verbose", "--detailed"])).code).toBe(0)
      }
      const { device } = (await a.json(["sync", "status"])) as { device: { id: string } }
      const name = `p/manifests/${device.id}.hxm`

      liar.lies((method, at) =>
        isManifest(method, at)
          ? (response) => void response.writeHead(200, { etag: '"e"', "content-length": 100 * 2 ** 30 }).write("x")
          : undefined
      )
      await tells(8, /107374182400 bytes, at most \d+ expected/)
      liar.lies((method, at) =>
        isManifest(method, at) ? (response) => endless(response.writeHead(200, { etag: '"e"' })) : undefined
      )
      await tells(8, /more bytes than it said, at most \d+ expected/)
      liar.lies((method, at) => (isList(method, at) ? (response) => endless(response.writeHead(200)) : undefined))
      await tells(6, /./)
      let page = 0
      liar.lies((method, at) => {
        if (!isList(method, at)) return undefined
        const keys = Array.from({ length: 1_000 }, (_, index) =>
          content(`p/manifests/${(page * 1_000 + index).toString(16).padStart(32, "0")}.hxm`)
        )
        return xml(
          listOf(
            bucket,
            keys.join(""),
            `<IsTruncated>true</IsTruncated><NextContinuationToken>${++page}</NextContinuationToken>`
          )
        )
      })
      await tells(6, /its list does not end/)
      expect(page).toBeLessThan(100)
      liar.lies((method, at) =>
        isList(method, at)
          ? xml(
              listOf(
                bucket,
                [
                  content("p/../vault.json"),
                  content("p/manifests/../../x.hxm"),
                  content("/etc/passwd"),
                  content(`p/manifests/${"x".repeat(5_000)}.hxm`),
                  content(`p/manifests/${"e6".repeat(16)}&#x9b;31m&#x202e;.hxm`),
                  content("p/manifests/"),
                  content(name)
                ].join("")
              )
            )
          : undefined
      )
      const ran = await within(b, env)
      expect([0, 8]).toContain(ran.code)
      for (const [size, etag] of [
        ["1e300", "e"],
        ["-1", "e"],
        ["9007199254740993", "e"],
        ["1", "e".repeat(1_000)]
      ] as const) {
        liar.lies((method, at) => (isList(method, at) ? xml(listOf(bucket, content(name, size, etag))) : undefined))
        await tells(6, /Not an S3|not as S3/)
      }
      liar.lies((method, at) =>
        isList(method, at)
          ? (response) =>
              void response
                .writeHead(403, { "content-type": "application/xml" })
                .end(
                  "<Error><Code>\u009B31m\u202ECode</Code><Message>\u009B2J\u202Eevil\u200B &#x9b;31m</Message></Error>"
                )
          : undefined
      )
      await tells(3, /Access Denied/)
      liar.lies(() => undefined)
      await tells(0, /./)
      expect(await known(b)).toEqual(["good"])
    } finally {
      await liar.stop()
      await s3.stop()
    }
  })
})
