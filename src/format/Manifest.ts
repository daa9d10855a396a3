/**
 * A manifest: what one device has published. Its plaintext, sealed as Envelope.ts says, is at most 16 MiB:
 *
 *     length of the JSON in bytes (varint, ByteColumn.ts) ‖ JSON, UTF-8 ‖ inline tail: a segment's bytes (Segment.ts), perhaps of no operations
 *
 *     {
 *       "version":   1
 *       "mandatory": names of features that a reader must know; none are defined yet
 *       "device":    whose log it is: 32 lowercase hex digits, the same as in the object's context
 *       "label":     the device's name for people
 *       "sequence":  from 1, higher with every publication
 *       "nonce":     32 hex digits, random for each publication: by it the writer knows its own
 *       "published": µs since 1970 UTC, by the writer's clock
 *       "epoch":     the key epoch it was sealed under
 *       "last":      number of the last operation, inline tail included; 0 for an empty log
 *       "chain":     R(last) of domain/LogChain.ts, 32 hex digits
 *       "segments":  in the order of the log, without gaps from operation 1. Each:
 *         { "id":     32 hex digits, see Segment.ts
 *           "first":  number of its first operation; "last": of its last
 *           "count":  operations in it that are not purged
 *           "size":   bytes of its plaintext
 *           "sealed": bytes of the object
 *           "sha256": of its plaintext, 64 hex digits
 *           "chain":  R(last of the segment) }
 *       "retired":   [{ "device", "last", "at" }]: devices this one has taken over, the last operation of each that counts, when (µs). Since hx 0.2
 *                    perhaps also "label", its name for people, and "chain", R(last) of its log: by it the device itself, when it comes back, knows
 *                    whether it has operations that nobody took over
 *       "seen":      [{ "device", "sequence" }]: the highest sequence this device has seen of each other device's manifest
 *     }
 *
 * The tail holds operations (last of the last segment, or 0) + 1 to "last". A reader ignores members it does not know; what it must know is
 * named in "mandatory". At most 100,000 segments and 10,000 devices in either list; a segment's plaintext has at most 64 MiB, its object 92
 * bytes more.
 */

import { Data, Effect, Either, ParseResult, Schema } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import type { ChainHash } from "../domain/LogChain.ts"
import { ByteReader, ByteWriter } from "./ByteColumn.ts"
import { ENVELOPE_OVERHEAD, MAX_PLAINTEXT } from "./Envelope.ts"
import { canonicalJson, inShort, isJsonObject, type JsonObject, parseJson } from "./Json.ts"
import { readSegment } from "./SegmentReader.ts"

export interface Manifest {
  readonly device: DeviceId
  readonly label: string
  readonly sequence: number
  /** 32 hex digits. */
  readonly nonce: string
  /** µs since 1970 UTC. */
  readonly published: number
  readonly epoch: number
  readonly last: number
  readonly chain: ChainHash
  readonly segments: ReadonlyArray<SegmentRef>
  readonly retired: ReadonlyArray<Retirement>
  readonly seen: ReadonlyArray<SeenSequence>
  /** A segment's bytes, for `readSegment`. */
  readonly tail: Uint8Array
}

export interface SegmentRef {
  /** 32 hex digits. */
  readonly id: string
  readonly first: number
  readonly last: number
  /** Operations that are not purged. */
  readonly count: number
  /** Bytes of plaintext. */
  readonly size: number
  /** Bytes of the object. */
  readonly sealed: number
  /** Of the plaintext, 64 hex digits. */
  readonly sha256: string
  /** R(last). */
  readonly chain: ChainHash
}

export interface Retirement {
  readonly device: DeviceId
  readonly last: number
  /** µs since 1970 UTC. */
  readonly at: number
  readonly label?: string | undefined
  /** R(last) of its log; absent where not all of it could be taken over. */
  readonly chain?: ChainHash | undefined
}

export interface SeenSequence {
  readonly device: DeviceId
  readonly sequence: number
}

export class ManifestError extends Data.TaggedError("ManifestError")<{
  readonly reason: "Malformed" | "NewerFormat" | "TooLarge"
  readonly device: DeviceId
  readonly detail: string
}> {
  override get message(): string {
    return `${this.reason}: manifest of ${this.device}: ${this.detail}`
  }
}

export const MAX_MANIFEST_PLAINTEXT = 16 * 1024 * 1024
export const MAX_SEGMENTS = 100_000
export const MAX_DEVICES = 10_000
export const MAX_LABEL = 256

/** Number of the first operation of the inline tail. */
export const tailFirst = (manifest: Pick<Manifest, "segments">): number => (manifest.segments.at(-1)?.last ?? 0) + 1

/** The plaintext. Fails where `decode` would refuse what it gives: nothing unreadable is ever published. */
export const encode = (manifest: Manifest): Effect.Effect<Uint8Array, ManifestError> => {
  const { tail, ...document } = manifest
  const json = Buffer.from(canonicalJson({ version: VERSION, mandatory: [], ...plain(document) }), "utf8")
  const writer = new ByteWriter(json.length + tail.length + 8)
  writer.varint(json.length)
  writer.bytes(json)
  writer.bytes(tail)
  const bytes = writer.view()
  return Effect.as(decode(bytes, manifest.device), bytes)
}

/** Checks everything but the operations of the tail, which `readSegment` checks as it reads them. */
export const decode = Effect.fn("Manifest.decode")(function* (bytes: Uint8Array, device: DeviceId) {
  const refuse = (reason: ManifestError["reason"], detail: string) => new ManifestError({ reason, device, detail })
  if (bytes.length > MAX_MANIFEST_PLAINTEXT) return yield* refuse("TooLarge", `${bytes.length} bytes`)
  const { json, tail } = yield* Effect.try({ try: () => split(bytes), catch: () => refuse("Malformed", "cut short") })
  const document = Either.getOrElse(parseJson(json), () => null)
  if (document === null || !isJsonObject(document)) return yield* refuse("Malformed", "its JSON does not read")
  if (document.version !== VERSION) return yield* refuse("NewerFormat", "its version is not 1")
  const unknown = unknownFeatures(document)
  if (unknown.length > 0) return yield* refuse("NewerFormat", inShort(`it needs a newer hx (${unknown.join(", ")})`))
  const {
    mandatory: _mandatory,
    version: _version,
    ...manifest
  } = yield* Effect.mapError(decodeDocument(document), (error) =>
    refuse("Malformed", ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path.join(".") ?? "")
  )
  if (manifest.device !== device) return yield* refuse("Malformed", `it is the manifest of ${manifest.device}`)
  const broken = inconsistency(manifest)
  if (broken !== null) return yield* refuse("Malformed", broken)
  const operations = yield* Effect.try({
    try: () => readSegment(tail, device).total,
    catch: (error) => refuse("Malformed", `its inline tail: ${String(error)}`)
  })
  if (operations !== manifest.last - tailFirst(manifest) + 1) {
    return yield* refuse("Malformed", "its inline tail has another number of operations")
  }
  const complete: Manifest = { ...manifest, tail }
  return complete
})

const VERSION = 1
const KNOWN_FEATURES: ReadonlySet<string> = new Set()

const plain = (document: Omit<Manifest, "tail">): JsonObject => ({
  ...document,
  segments: document.segments.map((segment) => ({ ...segment })),
  retired: document.retired.map(({ at, chain, device, label, last }) => ({
    device,
    last,
    at,
    ...(label === undefined ? {} : { label }),
    ...(chain === undefined ? {} : { chain })
  })),
  seen: document.seen.map((seen) => ({ ...seen }))
})

const split = (bytes: Uint8Array) => {
  const reader = new ByteReader(bytes)
  return { json: reader.block(), tail: reader.bytes(reader.remaining) }
}

const unknownFeatures = (document: JsonObject): ReadonlyArray<string> =>
  Array.isArray(document.mandatory)
    ? document.mandatory.filter((name): name is string => typeof name === "string" && !KNOWN_FEATURES.has(name))
    : []

const hex = (bytes: number) => Schema.String.pipe(Schema.pattern(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)))
const count = Schema.Number.pipe(Schema.int(), Schema.between(0, Number.MAX_SAFE_INTEGER))
const positive = Schema.Number.pipe(Schema.int(), Schema.between(1, Number.MAX_SAFE_INTEGER))
const atMost = (most: number) => Schema.Number.pipe(Schema.int(), Schema.between(1, most))
const deviceId = Schema.String.pipe(Schema.filter(isDeviceId))

const Document = Schema.Struct({
  version: Schema.Literal(VERSION),
  mandatory: Schema.Array(Schema.String),
  device: deviceId,
  label: Schema.String.pipe(Schema.maxLength(MAX_LABEL)),
  sequence: positive,
  nonce: hex(16),
  published: count,
  epoch: count,
  last: count,
  chain: hex(16),
  segments: Schema.Array(
    Schema.Struct({
      id: hex(16),
      first: positive,
      last: positive,
      count,
      size: atMost(MAX_PLAINTEXT),
      sealed: atMost(MAX_PLAINTEXT + ENVELOPE_OVERHEAD),
      sha256: hex(32),
      chain: hex(16)
    })
  ).pipe(Schema.maxItems(MAX_SEGMENTS)),
  retired: Schema.Array(
    Schema.Struct({
      device: deviceId,
      last: count,
      at: count,
      label: Schema.optional(Schema.String.pipe(Schema.maxLength(MAX_LABEL))),
      chain: Schema.optional(hex(16))
    })
  ).pipe(Schema.maxItems(MAX_DEVICES)),
  seen: Schema.Array(Schema.Struct({ device: deviceId, sequence: positive })).pipe(Schema.maxItems(MAX_DEVICES))
})

const decodeDocument = Schema.decodeUnknown(Document)

const inconsistency = (manifest: Omit<Manifest, "tail">): string | null => {
  let next = 1
  for (const { count: kept, first, last } of manifest.segments) {
    if (first !== next || last < first) return `segments do not follow one another at operation ${next}`
    if (kept > last - first + 1) return `a segment with more entries than operations at ${first}`
    next = last + 1
  }
  if (manifest.last < next - 1) return "segments go beyond the last operation"
  const devices = [manifest.retired, manifest.seen].map(
    (list) => new Set<string>(list.map(({ device }) => device)).size
  )
  return devices[0] === manifest.retired.length && devices[1] === manifest.seen.length ? null : "a device named twice"
}
