/**
 * The keys of a vault, and what is derived from them.
 *
 * Every epoch of an encrypted vault has one key of 32 random bytes. It never encrypts anything itself: each use has a key of its own,
 *
 *     HKDF-SHA-512( ikm = epoch key, salt = empty, info = fields(tag, vault id, …), length )      RFC 5869
 *
 *     fields(a, b, …) = for each: length in bytes (u16, big-endian) ‖ the bytes
 *
 * with text as UTF-8 and ids as the lowercase hex they are written in. Uses and tags: "hx.segment.id.1" (Segment.ts), "hx.vault.check.1",
 * "hx.vault.mac.1", "hx.vault.wrap.1", "hx.vault.passphrase.1", "hx.vault.rotation.1" (VaultDescriptor.ts). Objects have keys of their own too, see Envelope.ts:
 * its info begins with the byte 0x89, these with 0x00, so no two uses ever share a key.
 */

import { hkdfSync } from "node:crypto"

/** What a device needs to read and write the objects of one vault. */
export interface Keyring {
  /** 32 lowercase hex digits. */
  readonly vaultId: string
  /** False only for vaults made with --no-encrypt: then `epoch` is 0 and there are no keys. */
  readonly encrypted: boolean
  /** The newest epoch: what is sealed is sealed under it. */
  readonly epoch: number
  /** Keys of 32 bytes by epoch, for reading what older epochs sealed. */
  readonly keys: ReadonlyMap<number, Uint8Array>
}

export const KEY_BYTES = 32

/** Epochs count from 1 and fit a recovery key's 16 bits. */
export const MAX_EPOCH = 0xffff

const VAULT_ID = /^[0-9a-f]{32}$/

export const isVaultId = (text: string): boolean => VAULT_ID.test(text)

/** The keyring of a vault without encryption. */
export const plainKeyring = (vaultId: string): Keyring => ({ vaultId, encrypted: false, epoch: 0, keys: new Map() })

export const derive = (key: Uint8Array, info: ReadonlyArray<string>, length: number): Uint8Array =>
  hkdf(key, new Uint8Array(0), fields(info), length)

export const hkdf = (key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(hkdfSync("sha512", key, salt, info, length))

/** Length-prefixed fields: no two lists give the same bytes. */
export const fields = (values: ReadonlyArray<string>): Uint8Array => {
  const parts: Array<Uint8Array> = []
  for (const value of values) {
    const bytes = Buffer.from(value, "utf8")
    if (bytes.length > 0xffff) throw new RangeError("a field of a key's context is longer than 65,535 bytes")
    parts.push(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes)
  }
  return Buffer.concat(parts)
}
