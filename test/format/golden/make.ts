/**
 * Made the golden vaults of format version 1, once. They stay as they are: every later hx has to read them, and nothing runs this again. It is
 * kept to show what they were made of, and as the beginning of the next version's.
 *
 *     npx esbuild test/format/golden/make.ts --bundle --platform=node --format=esm --outfile=/tmp/make.mjs && node /tmp/make.mjs DIRECTORY
 */

import { Effect } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { generateHistory } from "../../../scripts/generator/History.ts"
import { DeviceId } from "../../../src/domain/Device.ts"
import { type Entry, LIVE } from "../../../src/domain/Entry.ts"
import { derivedId, type EntryId } from "../../../src/domain/EntryId.ts"
import { makeHistoryDigest } from "../../../src/domain/HistoryDigest.ts"
import { blockStart, chainHash, emptyChain, extendChain } from "../../../src/domain/LogChain.ts"
import { identityOf, type Operation } from "../../../src/domain/Operation.ts"
import * as RawText from "../../../src/domain/RawText.ts"
import { twinKeysOf } from "../../../src/domain/Twin.ts"
import { manifestContext, seal, segmentContext } from "../../../src/format/Envelope.ts"
import { type Keyring, plainKeyring } from "../../../src/format/Keyring.ts"
import * as Manifest from "../../../src/format/Manifest.ts"
import * as RecoveryKey from "../../../src/format/RecoveryKey.ts"
import { plaintextHash, segmentId } from "../../../src/format/Segment.ts"
import { SegmentWriter } from "../../../src/format/SegmentWriter.ts"
import * as VaultDescriptor from "../../../src/format/VaultDescriptor.ts"

/** Randomness that is none. */
const fixed = (name: string, length: number): Uint8Array =>
  createHash("sha512").update(`golden ${name}`).digest().subarray(0, length)

const hex = (name: string): string => Buffer.from(fixed(name, 16)).toString("hex")

const LAPTOP = DeviceId(hex("laptop"))
const SERVER = DeviceId(hex("server"))
const AT = 1_763_834_400_000_000
const PASSPHRASE = "correct horse battery staple — größer"

const entryOf = (body: Omit<Entry, "id">): Entry => {
  const id = derivedId(body)
  if (id === null) throw new Error("this entry needs an id")
  return { ...body, id }
}

const BARE: Omit<Entry, "id"> = {
  start: null,
  duration: null,
  exit: null,
  command: "true",
  cwd: null,
  session: null,
  host: null,
  user: null,
  shell: null,
  origin: "import:bash",
  device: LAPTOP,
  ordinal: 0
}

const live = (changes: Partial<Entry> = {}): Entry =>
  entryOf({
    ...BARE,
    start: AT,
    duration: 1_500_000,
    exit: 0,
    cwd: "/home/ada",
    session: "golden-session",
    host: "ada-laptop",
    user: "ada",
    shell: "zsh",
    origin: LIVE,
    ...changes
  })

const add = (entry: Entry): Operation => ({ kind: "add", entry })

/** Whatever is hard to keep: odd bytes, odd times, unknown fields, ids that follow from nothing. */
const oddities: ReadonlyArray<Operation> = [
  ...["ls", "make", "ls", "ls", "make", "true"].map((command, index, all) =>
    add(entryOf({ ...BARE, command, ordinal: all.slice(0, index).filter((each) => each === command).length }))
  ),
  ...[
    "",
    "echo 'über' \"日本語\" 👩‍👩‍👧‍👦",
    'for f in *; do\n  echo "$f"\ndone',
    "printf '\\0' \0 tab\there \u001b[31mred\u001b[0m \u202egnihsihp",
    RawText.fromBytes(Buffer.from([0x63, 0x61, 0x74, 0x20, 0xff, 0xfe, 0x80, 0xc3])),
    `echo ${"long ".repeat(1_000)}`
  ].map((command, index) => add(live({ command, ordinal: index, start: AT + index * 1_000_001 }))),
  add(live({ start: 0, ordinal: 6 })),
  add(live({ start: -1, duration: 0, ordinal: 7 })),
  add(live({ start: Number.MAX_SAFE_INTEGER, duration: Number.MAX_SAFE_INTEGER, exit: -1, ordinal: 8 })),
  add(live({ duration: null, exit: null, cwd: null, ordinal: 1_000_000 })),
  add(live({ duration: 59_000_000, exit: 130, cwd: "/srv/a b", ordinal: 1_000_001 })),
  add(live({ device: SERVER, host: "server", session: "elsewhere", ordinal: 0 })),
  add({ ...live(), command: "curl -H 'Authorization: [redacted]'", id: hex("redacted") as EntryId }),
  add({ ...BARE, start: AT, ordinal: null, id: hex("given") as EntryId })
]

const importedHistory = (count: number): ReadonlyArray<Operation> =>
  [...generateHistory({ seed: 20_261_122, count })].map((record) =>
    add(
      entryOf({
        ...BARE,
        start: Math.floor(record.start / 1_000_000) * 1_000_000,
        duration: Math.floor(record.duration / 1_000_000) * 1_000_000,
        command: record.command,
        host: record.host,
        user: record.user,
        origin: "import:zsh"
      })
    )
  )

const liveHistory = (count: number, device: DeviceId): ReadonlyArray<Operation> =>
  [...generateHistory({ seed: 42, count, host: "server", user: "root", shell: "bash" })].map(({ counter, ...record }) =>
    add(entryOf({ ...record, origin: LIVE, device, ordinal: counter }))
  )

const forgotten = live({ command: "export PASSWORD=hunter2", ordinal: 99 })

const laptopLog: ReadonlyArray<Operation> = [
  ...importedHistory(250),
  ...oddities,
  { kind: "purged", identity: forgotten.id },
  { kind: "finish", id: live({ duration: null, exit: null, cwd: null, ordinal: 1_000_000 }).id, exit: 1, duration: 77 },
  { kind: "finish", id: hex("given") as EntryId, exit: null, duration: null },
  {
    kind: "forget",
    rule: {
      ids: [forgotten.id],
      twins: twinKeysOf(forgotten),
      windows: [
        { from: AT - 60_000_000, to: AT - 30_000_000, device: null },
        { from: -5, to: Number.MAX_SAFE_INTEGER, device: hex("a lost device") as DeviceId }
      ]
    }
  },
  add(live({ command: "git status", ordinal: 2_000_000 }))
]

const serverLog: ReadonlyArray<Operation> = [...liveHistory(120, SERVER), add(live({ command: "ls", ordinal: 3 }))]

interface Log {
  readonly device: DeviceId
  readonly label: string
  readonly operations: ReadonlyArray<Operation>
  /** Operations in each segment; the rest is the tail. */
  readonly cuts: ReadonlyArray<{ readonly count: number; readonly keyring: Keyring; readonly codec: "none" | "brotli" }>
  readonly keyring: Keyring
}

const encodeRun = (device: DeviceId, operations: ReadonlyArray<Operation>): Uint8Array => {
  const writer = new SegmentWriter(device)
  for (const operation of operations) writer.add(operation)
  return writer.finish()
}

const chainAt = (log: Log, n: number): string => {
  const identities = log.operations.map(identityOf)
  let block = emptyChain(log.device)
  for (let at = 0; at < blockStart(n); at += 256) block = extendChain(block, identities.slice(at, at + 256))
  return chainHash(n === 0 ? block : extendChain(block, identities.slice(blockStart(n), n)))
}

const publish = Effect.fn("publish")(function* (directory: string, log: Log) {
  const segments: Array<Manifest.SegmentRef> = []
  let next = 0
  for (const { codec, count, keyring } of log.cuts) {
    const operations = log.operations.slice(next, next + count)
    const plaintext = encodeRun(log.device, operations)
    const id = segmentId(plaintext, keyring)
    const salt = fixed(`salt ${directory} ${id}`, 24)
    const sealed = yield* seal(plaintext, segmentContext(log.device, id), keyring, { codec, salt })
    write(join(directory, "segments", log.device, `${id}.hxs`), sealed)
    segments.push({
      id,
      first: next + 1,
      last: next + count,
      count: operations.filter(({ kind }) => kind !== "purged").length,
      size: plaintext.length,
      sealed: sealed.length,
      sha256: plaintextHash(plaintext),
      chain: chainAt(log, next + count)
    })
    next += count
  }
  const manifest = yield* Manifest.encode({
    device: log.device,
    label: log.label,
    sequence: 7,
    nonce: hex(`nonce ${log.device}`),
    published: AT + 1,
    epoch: log.keyring.epoch,
    last: log.operations.length,
    chain: chainAt(log, log.operations.length),
    segments,
    retired: log.device === LAPTOP ? [{ device: DeviceId(hex("a lost device")), last: 12, at: AT }] : [],
    seen: [{ device: log.device === LAPTOP ? SERVER : LAPTOP, sequence: 6 }],
    tail: encodeRun(log.device, log.operations.slice(next))
  })
  const salt = fixed(`salt ${directory} ${log.device}`, 24)
  const sealed = yield* seal(manifest, manifestContext(log.device), log.keyring, { codec: "brotli", salt })
  write(join(directory, "manifests", `${log.device}.hxm`), sealed)
})

const write = (path: string, content: Uint8Array | string): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** What a reader has to find in both vaults, one JSON value a line: the sum of it, then for each log its name, then its operations. */
const expected = (logs: ReadonlyArray<Log>): string => {
  const digest = makeHistoryDigest()
  const entries = new Map<string, Entry>()
  for (const { operations } of logs) {
    for (const operation of operations) if (operation.kind === "add") entries.set(operation.entry.id, operation.entry)
  }
  for (const entry of entries.values()) digest.add(entry)
  const lines: ReadonlyArray<object> = [
    { entries: entries.size, digest: digest.value() },
    ...logs.flatMap(({ device, label, operations }) => [{ device, label }, ...operations])
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("")
}

const make = Effect.gen(function* () {
  const directory = process.argv[2] ?? ""
  const vaultId = hex("vault")
  const [first, second] = [fixed("first key", 32), fixed("second key", 32)]
  const created = VaultDescriptor.create({ vaultId, key: first, at: AT })
  const accepted = [{ device: LAPTOP, sequence: 5 }]
  const rotated = VaultDescriptor.rotate(created, { oldKey: first, newKey: second, accepted, at: AT + 1 })
  const cost = { n: 2 ** 14, r: 8, p: 1 }
  const options = { passphrase: PASSPHRASE, salt: fixed("passphrase", 32), cost }
  const descriptor = yield* VaultDescriptor.wrapWithPassphrase(rotated, second, options)
  const newest = VaultDescriptor.keyringOf(descriptor, second)
  const oldest = VaultDescriptor.keyringOf(created, first)
  const plain = plainKeyring(hex("plain vault"))
  if (newest === null || oldest === null) throw new Error("no keyring")

  const encryptedLogs: ReadonlyArray<Log> = [
    {
      device: LAPTOP,
      label: "Ada’s laptop",
      operations: laptopLog,
      cuts: [
        { count: 240, keyring: oldest, codec: "brotli" },
        { count: laptopLog.length - 243, keyring: newest, codec: "none" }
      ],
      keyring: newest
    },
    { device: SERVER, label: "server", operations: serverLog, cuts: [], keyring: newest }
  ]
  const plainLogs: ReadonlyArray<Log> = encryptedLogs.map((log) => ({
    ...log,
    cuts: log.cuts.map((cut) => ({ ...cut, keyring: plain })),
    keyring: plain
  }))

  const encryptedAt = join(directory, "encrypted")
  write(join(encryptedAt, "vault.json"), VaultDescriptor.encode(descriptor))
  write(join(encryptedAt, "recovery-key"), `${RecoveryKey.format(second, 2, vaultId)}\n`)
  write(join(encryptedAt, "passphrase"), `${PASSPHRASE}\n`)
  for (const log of encryptedLogs) yield* publish(encryptedAt, log)

  write(join(directory, "expected.jsonl"), expected(encryptedLogs))

  const plainAt = join(directory, "plain")
  const plainDescriptor = VaultDescriptor.create({ vaultId: plain.vaultId, key: null, at: AT })
  write(join(plainAt, "vault.json"), VaultDescriptor.encode(plainDescriptor))
  for (const log of plainLogs) yield* publish(plainAt, log)
})

await Effect.runPromise(make) // the edge: this file is a program
