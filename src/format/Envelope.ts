/**
 * The envelope: how every binary object of a vault (manifests and segments) is compressed, sealed and bound to its place.
 *
 *     offset  size
 *          0     4   magic: 89 68 78 0A ("\x89hx\n")
 *          4     1   format version: 1
 *          5     1   suite: 1 = AES-256-GCM with HKDF-SHA-512; 0 = none (vaults made with --no-encrypt)
 *          6     1   codec of the payload: 0 = as it is, 1 = brotli (RFC 7932)
 *          7     1   zero
 *          8     4   key epoch, from 1; 0 under suite 0
 *         12     4   size of the plaintext in bytes, so that a reader can bound its memory before it decompresses
 *         16    24   salt: random for each object
 *         40    32   commitment (suite 1) or digest (suite 0)
 *         72     4   CRC-32 (as zlib computes it) of bytes 0..71
 *         76     n   payload: the compressed plaintext, encrypted under suite 1
 *       76+n    16   suite 1 only: authentication tag
 *
 * Numbers are unsigned and big-endian. The object ends there: a byte more or less is an error. Bytes 0..4 and the place and meaning of the
 * CRC are the same in every later version, so damage is never taken for an object of a newer hx.
 *
 * An object's context says what it is and where it belongs (`fields` as in Keyring.ts: two bytes of length before each):
 *
 *     context = fields( vault id, kind ("manifest" or "segment"), device id, object id )
 *
 * with ids in lowercase hex; a manifest's object id is empty, since there is one for each device. With the salt and the epoch's key,
 *
 *     key (32) ‖ nonce (12) ‖ commitment (32) = HKDF-SHA-512( ikm = epoch key, salt = bytes 16..39, info = bytes 0..39 ‖ context, length 76 )
 *
 * Suite 1 encrypts the payload with AES-256-GCM under key and nonce, with bytes 0..75 as associated data and a tag of 16 bytes. Both are used
 * for this one object only, since its salt is. The commitment is compared first, in constant time: it tells an object sealed under another key
 * or for another place from one whose bytes are damaged, and makes it impossible to build one object that opens under two keys.
 *
 * Suite 0 has no secret. Its digest is SHA-256( bytes 0..39 ‖ context ‖ payload ): rot and swapped objects are noticed, an attacker is not stopped.
 *
 * A reader refuses, in this order: a wrong magic; a wrong CRC; an unknown version, suite, codec or non-zero byte 7 (a newer hx wrote it); suite
 * 0 where the vault is encrypted; a plaintext larger than it is willing to hold; an epoch it has no key for; a wrong commitment; a wrong tag or
 * digest; and only then decompresses, never beyond the stated size. Output of another size, and bytes after the compressed data, are refused.
 *
 * Writers compress with brotli at quality 5, and store the plaintext as it is where that is not longer.
 */

import { Data, Effect } from "effect"
import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from "node:crypto"
import { brotliCompress, brotliDecompress, constants, crc32, type BrotliOptions } from "node:zlib"
import type { DeviceId } from "../domain/Device.ts"
import { fields, hkdf, type Keyring } from "./Keyring.ts"

export interface ObjectContext {
  readonly kind: "manifest" | "segment"
  readonly device: DeviceId
  /** A segment's id; empty for a manifest. */
  readonly id: string
}

export const manifestContext = (device: DeviceId): ObjectContext => ({ kind: "manifest", device, id: "" })

export const segmentContext = (device: DeviceId, id: string): ObjectContext => ({ kind: "segment", device, id })

export type EnvelopeErrorReason =
  | "NotAnEnvelope" // too short, or not our magic
  | "NewerFormat" // written by a newer hx
  | "PlaintextRefused" // not encrypted, in a vault that is
  | "UnknownEpoch" // sealed under an epoch we have no key for
  | "WrongKey" // intact, but sealed under another key or for another place
  | "Corrupt" // damaged or altered
  | "TooLarge" // its plaintext is over the reader's cap

export class EnvelopeError extends Data.TaggedError("EnvelopeError")<{
  readonly reason: EnvelopeErrorReason
  readonly context: ObjectContext
  readonly detail: string
}> {
  override get message(): string {
    return `${this.reason}: ${this.context.kind} of ${this.context.device} ${this.context.id}: ${this.detail}`
  }
}

export const SALT_BYTES = 24

/** Bytes of an object beside its payload, at most. */
export const ENVELOPE_OVERHEAD = 92

/** No object's plaintext is larger than this, whoever wrote it. */
export const MAX_PLAINTEXT = 64 * 1024 * 1024

export interface SealOptions {
  readonly codec: "none" | "brotli"
  /** 24 random bytes, never used before. */
  readonly salt: Uint8Array
}

/** Compresses and seals. Fails with UnknownEpoch when the keyring lacks the key of its own newest epoch, and with TooLarge. */
export const seal = Effect.fn("Envelope.seal")(function* (
  plaintext: Uint8Array,
  context: ObjectContext,
  keyring: Keyring,
  options: SealOptions
) {
  if (plaintext.length > MAX_PLAINTEXT) return yield* refuse("TooLarge", context, `${plaintext.length} bytes`)
  const key = keyring.encrypted ? keyring.keys.get(keyring.epoch) : null
  if (key === undefined) return yield* refuse("UnknownEpoch", context, `no key for epoch ${keyring.epoch}`)
  const compressed = options.codec === "brotli" ? yield* compress(plaintext) : plaintext
  const shorter = compressed.length < plaintext.length
  const payload = shorter ? compressed : plaintext
  const header = encodeHeader({
    suite: key === null ? SUITE_NONE : SUITE_AES_GCM,
    codec: shorter ? CODEC_BROTLI : CODEC_NONE,
    epoch: key === null ? 0 : keyring.epoch,
    size: plaintext.length,
    salt: options.salt
  })
  return key === null
    ? assemblePlain(header, contextBytes(keyring, context), payload)
    : assembleEncrypted(header, deriveObjectKeys(key, header, contextBytes(keyring, context)), payload)
})

export interface OpenOptions {
  /** The most bytes of plaintext the caller is willing to hold. */
  readonly maxPlaintext: number
}

/** Authenticates, then decompresses: the plaintext that was sealed for this very context. */
export const open = Effect.fn("Envelope.open")(function* (
  bytes: Uint8Array,
  context: ObjectContext,
  keyring: Keyring,
  options: OpenOptions
) {
  const header = yield* inspect(bytes, context)
  if (header.suite === SUITE_NONE && keyring.encrypted) {
    return yield* refuse("PlaintextRefused", context, "the object is not encrypted, but the vault is")
  }
  if (header.size > options.maxPlaintext) {
    return yield* refuse("TooLarge", context, `${header.size} bytes, more than ${options.maxPlaintext}`)
  }
  const authenticate = header.suite === SUITE_NONE ? checkDigest : decrypt
  const payload = yield* authenticate(bytes, header, context, keyring)
  return header.codec === CODEC_NONE ? payload : yield* decompress(payload, header.size, context)
})

export interface EnvelopeHeader {
  readonly suite: number
  readonly codec: number
  readonly epoch: number
  /** Bytes of plaintext, as the header has it: not authenticated yet. */
  readonly size: number
}

/** The header alone, checked for form and accidental damage, not for authenticity. */
export const inspect = Effect.fn("Envelope.inspect")(function* (bytes: Uint8Array, context: ObjectContext) {
  const view = asBuffer(bytes)
  if (view.length < HEADER_BYTES || !view.subarray(0, MAGIC.length).equals(MAGIC)) {
    return yield* refuse("NotAnEnvelope", context, "it does not begin as objects of hx do")
  }
  if (view.readUInt32BE(CRC_AT) !== crc32(view.subarray(0, CRC_AT))) {
    return yield* refuse("Corrupt", context, "the header is damaged")
  }
  const [version, suite, codec, zero] = [view.readUInt8(4), view.readUInt8(5), view.readUInt8(6), view.readUInt8(7)]
  if (version !== VERSION || suite > SUITE_AES_GCM || codec > CODEC_BROTLI || zero !== 0) {
    return yield* refuse("NewerFormat", context, `version ${version}, suite ${suite}, codec ${codec}`)
  }
  const header: EnvelopeHeader = { suite, codec, epoch: view.readUInt32BE(8), size: view.readUInt32BE(12) }
  const payload = payloadLength(view, header)
  if (
    payload < 0 ||
    (codec === CODEC_NONE && payload !== header.size) ||
    (suite === SUITE_NONE) !== (header.epoch === 0)
  ) {
    return yield* refuse("Corrupt", context, "the header and the length of the object do not agree")
  }
  return header
})

const MAGIC = Buffer.from([0x89, 0x68, 0x78, 0x0a])
const VERSION = 1
const SUITE_NONE = 0
const SUITE_AES_GCM = 1
const CODEC_NONE = 0
const CODEC_BROTLI = 1
const SALT_AT = 16
const COMMITMENT_AT = 40
const CRC_AT = 72
const HEADER_BYTES = 76
const TAG_BYTES = 16
const NONCE_BYTES = 12
const COMMITMENT_BYTES = 32
/** Ciphers work on pieces of this size, so that no second copy of a large object is held. */
const PIECE = 1024 * 1024

const refuse = (reason: EnvelopeErrorReason, context: ObjectContext, detail: string) =>
  Effect.fail(new EnvelopeError({ reason, context, detail }))

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

const contextBytes = (keyring: Keyring, context: ObjectContext): Uint8Array =>
  fields([keyring.vaultId, context.kind, context.device, context.id])

const payloadLength = (bytes: Uint8Array, header: EnvelopeHeader): number =>
  bytes.length - HEADER_BYTES - (header.suite === SUITE_NONE ? 0 : TAG_BYTES)

/** Bytes 0..39; the rest follows when it is known. */
const encodeHeader = (header: EnvelopeHeader & { readonly salt: Uint8Array }): Buffer => {
  if (header.salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes`)
  const bytes = Buffer.alloc(COMMITMENT_AT)
  MAGIC.copy(bytes)
  bytes.writeUInt8(VERSION, 4)
  bytes.writeUInt8(header.suite, 5)
  bytes.writeUInt8(header.codec, 6)
  bytes.writeUInt32BE(header.epoch, 8)
  bytes.writeUInt32BE(header.size, 12)
  bytes.set(header.salt, SALT_AT)
  return bytes
}

interface ObjectKeys {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly commitment: Uint8Array
}

const deriveObjectKeys = (epochKey: Uint8Array, header: Uint8Array, context: Uint8Array): ObjectKeys => {
  const salt = header.subarray(SALT_AT, COMMITMENT_AT)
  const info = Buffer.concat([header.subarray(0, COMMITMENT_AT), context])
  const okm = hkdf(epochKey, salt, info, 32 + NONCE_BYTES + COMMITMENT_BYTES)
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32, 44), commitment: okm.subarray(44) }
}

const digestOf = (header: Uint8Array, context: Uint8Array, payload: Uint8Array): Buffer =>
  createHash("sha256").update(header.subarray(0, COMMITMENT_AT)).update(context).update(payload).digest()

const writeFront = (object: Buffer, header: Uint8Array, commitment: Uint8Array): void => {
  object.set(header)
  object.set(commitment, COMMITMENT_AT)
  object.writeUInt32BE(crc32(object.subarray(0, CRC_AT)), CRC_AT)
}

const assemblePlain = (header: Buffer, context: Uint8Array, payload: Uint8Array): Uint8Array => {
  const object = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  writeFront(object, header, digestOf(header, context, payload))
  object.set(payload, HEADER_BYTES)
  return object
}

const assembleEncrypted = (header: Buffer, keys: ObjectKeys, payload: Uint8Array): Uint8Array => {
  const object = Buffer.allocUnsafe(HEADER_BYTES + payload.length + TAG_BYTES)
  writeFront(object, header, keys.commitment)
  const cipher = createCipheriv("aes-256-gcm", keys.key, keys.nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(object.subarray(0, HEADER_BYTES))
  for (let from = 0; from < payload.length; from += PIECE) {
    object.set(cipher.update(payload.subarray(from, from + PIECE)), HEADER_BYTES + from)
  }
  cipher.final()
  object.set(cipher.getAuthTag(), HEADER_BYTES + payload.length)
  return object
}

type Authenticate = (
  bytes: Uint8Array,
  header: EnvelopeHeader,
  context: ObjectContext,
  keyring: Keyring
) => Effect.Effect<Uint8Array, EnvelopeError>

const checkDigest: Authenticate = (bytes, _header, context, keyring) => {
  const payload = bytes.subarray(HEADER_BYTES)
  const digest = digestOf(bytes, contextBytes(keyring, context), payload)
  return digest.equals(bytes.subarray(COMMITMENT_AT, CRC_AT))
    ? Effect.succeed(payload)
    : refuse("Corrupt", context, "the digest does not match: damaged, or put in another object's place")
}

const decrypt: Authenticate = (bytes, header, context, keyring) => {
  const epochKey = keyring.keys.get(header.epoch)
  if (epochKey === undefined) return refuse("UnknownEpoch", context, `no key for epoch ${header.epoch}`)
  const keys = deriveObjectKeys(epochKey, bytes.subarray(0, COMMITMENT_AT), contextBytes(keyring, context))
  if (!timingSafeEqual(keys.commitment, bytes.subarray(COMMITMENT_AT, CRC_AT))) {
    return refuse("WrongKey", context, "sealed under another key, or for another place")
  }
  const length = payloadLength(bytes, header)
  const payload = Buffer.allocUnsafe(length)
  const decipher = createDecipheriv("aes-256-gcm", keys.key, keys.nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bytes.subarray(0, HEADER_BYTES))
  decipher.setAuthTag(bytes.subarray(HEADER_BYTES + length))
  for (let at = 0; at < length; at += PIECE) {
    const piece = bytes.subarray(HEADER_BYTES + at, HEADER_BYTES + Math.min(at + PIECE, length))
    payload.set(decipher.update(piece), at)
  }
  try {
    decipher.final()
  } catch {
    return refuse("Corrupt", context, "the authentication tag does not match")
  }
  return Effect.succeed(payload)
}

const compress = (plaintext: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.async((resume) => {
    brotliCompress(plaintext, brotliOptions(plaintext.length), (error, result) =>
      resume(error === null ? Effect.succeed(result) : Effect.die(error))
    )
  })

const brotliOptions = (size: number): BrotliOptions => ({
  chunkSize: Math.max(16 * 1024, Math.min(PIECE, size)),
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: size,
    [constants.BROTLI_PARAM_LGWIN]: Math.min(24, Math.max(16, Math.ceil(Math.log2(size + 16))))
  }
})

const decompress = (
  payload: Uint8Array,
  size: number,
  context: ObjectContext
): Effect.Effect<Uint8Array, EnvelopeError> =>
  Effect.async((resume) => {
    // One chunk that holds it all: no second copy while it is put together.
    const options = { maxOutputLength: Math.max(1, size), chunkSize: Math.max(1024, size + 1), info: true }
    brotliDecompress(payload, options, (error, result) => {
      if (error !== null) return resume(refuse("Corrupt", context, `does not decompress: ${error.message}`))
      const { buffer, engine } = result as unknown as InfoResult
      const exact = buffer.length === size && engine.bytesWritten === payload.length
      resume(exact ? Effect.succeed(buffer) : refuse("Corrupt", context, "the sizes do not agree"))
    })
  })

/** What zlib hands over when asked for `info`; its types do not know. `bytesWritten` counts the input the decoder took. */
interface InfoResult {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}
