/**
 * The recovery key: an epoch's key as text that a person can keep, print and type. Bech32m (BIP 350) with the prefix "hx":
 *
 *     hx1 ‖ data ‖ checksum (6 characters)        75 characters in all
 *
 *     data = 41 bytes:  version (1) = 1 ‖ epoch (2, big-endian) ‖ fingerprint of the vault (6) ‖ key (32)
 *
 *     fingerprint = the first 6 bytes of SHA-256( "hx.vault.fingerprint.1" ‖ vault id )      both ASCII, the id as 32 hex digits
 *
 * The checksum finds up to four wrong characters for certain; the fingerprint tells a key of another vault before anything is tried with it.
 * Text may be all lower or all upper case; white space in it is ignored.
 */

import { bech32m } from "@scure/base"
import { Data, Either } from "effect"
import { createHash } from "node:crypto"
import { KEY_BYTES, MAX_EPOCH } from "./Keyring.ts"

export interface RecoveryKey {
  readonly epoch: number
  /** 12 hex digits. */
  readonly fingerprint: string
  readonly key: Uint8Array
}

export type RecoveryKeyErrorReason =
  | "WrongPrefix" // does not begin with hx1
  | "MixedCase"
  | "WrongCharacter"
  | "WrongLength"
  | "Checksum" // mistyped
  | "NewerFormat"

export class RecoveryKeyError extends Data.TaggedError("RecoveryKeyError")<{
  readonly reason: RecoveryKeyErrorReason
  /** For people; never contains the key. */
  readonly detail: string
}> {
  override get message(): string {
    return this.detail
  }
}

export const format = (key: Uint8Array, epoch: number, vaultId: string): string => {
  if (key.length !== KEY_BYTES || epoch < 1 || epoch > MAX_EPOCH) throw new RangeError("not an epoch's key")
  const data = Buffer.alloc(DATA_BYTES)
  data.writeUInt8(VERSION, 0)
  data.writeUInt16BE(epoch, 1)
  data.write(fingerprintOf(vaultId), 3, "hex")
  data.set(key, 9)
  return bech32m.encode(PREFIX, bech32m.toWords(data), LENGTH)
}

export const parse = (text: string): Either.Either<RecoveryKey, RecoveryKeyError> => {
  const compact = text.replace(/\s+/g, "")
  const lower = compact.toLowerCase()
  if (!lower.startsWith(`${PREFIX}1`)) return refuse("WrongPrefix", "a recovery key begins with hx1")
  if (compact !== lower && compact !== compact.toUpperCase()) {
    return refuse("MixedCase", "a recovery key is written in small letters or in capitals, not in both")
  }
  const wrong = /[^qpzry9x8gf2tvdw0s3jn54khce6mua7l]/.exec(lower.slice(3))
  if (wrong !== null) return refuse("WrongCharacter", `character ${wrong.index + 4} cannot occur in a recovery key`)
  if (lower.length !== LENGTH) {
    return refuse("WrongLength", `a recovery key has ${LENGTH} characters, this one has ${lower.length}`)
  }
  const decoded = bech32m.decodeUnsafe(lower, LENGTH)
  const data = decoded === undefined ? undefined : bech32m.fromWordsUnsafe(decoded.words)
  if (data === undefined || data.length !== DATA_BYTES) return refuse("Checksum", "the recovery key is mistyped")
  return decode(Buffer.from(data))
}

/** Whether this key says it belongs to this vault. */
export const matches = (key: RecoveryKey, vaultId: string): boolean => key.fingerprint === fingerprintOf(vaultId)

/** 12 hex digits that stand for a vault in its recovery keys. */
export const fingerprintOf = (vaultId: string): string =>
  createHash("sha256").update(`hx.vault.fingerprint.1${vaultId}`).digest("hex").slice(0, 12)

const PREFIX = "hx"
const VERSION = 1
const DATA_BYTES = 41
const LENGTH = 75

const decode = (data: Buffer): Either.Either<RecoveryKey, RecoveryKeyError> => {
  const epoch = data.readUInt16BE(1)
  if (data.readUInt8(0) !== VERSION || epoch === 0) {
    return refuse("NewerFormat", "the recovery key was made by a newer hx")
  }
  return Either.right({ epoch, fingerprint: data.toString("hex", 3, 9), key: new Uint8Array(data.subarray(9)) })
}

const refuse = (reason: RecoveryKeyErrorReason, detail: string) => Either.left(new RecoveryKeyError({ reason, detail }))
