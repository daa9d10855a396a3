/**
 * The vault's descriptor, `vault.json`: what a device needs to join beside the key. UTF-8, at most 1 MiB, no secret in clear.
 *
 *     {
 *       "checksum":   SHA-256, 64 hex digits, of the canonical JSON (Json.ts) of this object without "checksum"
 *       "cipher":     "aes-256-gcm+hkdf-sha512", or "none" (made with --no-encrypt)
 *       "created":    "2026-11-22T17:51:00.000Z"
 *       "epoch":      the newest epoch; 0 with cipher "none"
 *       "epochs":     every epoch from 1 to the newest, in order; [] with cipher "none". Each:
 *         { "accepted": null for the newest; else [{ "device": id, "sequence": n }]: the last manifest sequence of each device that is still
 *                       accepted under this epoch. Of a device not named, none is
 *           "check":    16 bytes, hex: derive(key, "hx.vault.check.1", vault id, epoch)
 *           "created":  when it began, as above
 *           "epoch":    its number
 *           "wrapped":  null for the newest; else this epoch's key, sealed under the next epoch's key, 48 bytes, hex }
 *       "format":     "hx-vault"
 *       "mac":        64 hex digits; null with cipher "none"
 *       "mandatory":  names of features that a reader must know; none are defined yet
 *       "passphrase": null, or { "kdf": "scrypt", "n", "p", "r": numbers, "salt": 32 bytes, hex, "wrapped": 48 bytes, hex }
 *       "rotations":  absent where there was none; else for each epoch that is over, in order. An epoch may lack here. Each:
 *         { "epoch":    which one
 *           "objects":  [{ "device": id, "sha256": 64 hex digits }]: the very manifest objects that "accepted" means, copies included
 *           "proof":    64 hex digits: made with the key of this epoch, see below }
 *       "sequence":   1, and higher with every change
 *       "vault":      the vault's id: 16 random bytes, hex
 *       "version":    1
 *     }
 *
 * The file is this object as JSON with its members sorted, indented by two spaces, and a final newline, to the byte. Members that a reader does
 * not know are kept when it writes the file again; what a reader must know is named in "mandatory". Later versions keep "format", "version",
 * "checksum" and how the file is written, so that damage is never taken for a newer version.
 *
 * derive(key, tag, …) is HKDF-SHA-512 as in Keyring.ts, with numbers in decimal. The MAC is HMAC-SHA-256, under derive(newest key,
 * "hx.vault.mac.1", vault id), 32 bytes, of the canonical JSON without "mac" and "checksum". Anybody can make the checksum: it tells damage,
 * before a key is known, from a wrong key (check differs) and from tampering (check agrees, MAC does not).
 *
 * A manifest sealed under an epoch that is over is believed only where "accepted" names its device with its very sequence; and where "objects"
 * of that epoch names the device at all, only with that digest. Who has no more than an old key can make no other.
 *
 * The proof of a rotation is for devices that have the old key only: HMAC-SHA-256, under derive(key of the epoch, "hx.vault.rotation.1", vault
 * id, epoch), 32 bytes, of the canonical JSON of { "check", "created", "epoch" } of the epoch that follows. Whoever has no key of the vault
 * cannot make devices believe that its key was changed.
 *
 * A key is sealed with AES-256-GCM, tag of 16 bytes appended, no associated data, under key (32) ‖ nonce (12):
 *
 *     epoch e's under epoch e+1's:   derive(key of e+1, "hx.vault.wrap.1", vault id, e)
 *     newest under a passphrase:     derive(scrypt(passphrase, salt, n, r, p, 32 bytes), "hx.vault.passphrase.1", vault id, newest epoch)
 *
 * The passphrase is UTF-8 in Unicode form NFKC. hx writes n = 2^17, r = 8, p = 1; a reader accepts n = 2^14..2^20, r = 1..32, p = 1..4 and
 * at most 256 MiB (128·n·r bytes).
 */

import { Data, Effect, Either, Schema } from "effect"
import { createCipheriv, createDecipheriv, createHash, createHmac, scrypt, timingSafeEqual } from "node:crypto"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { canonicalJson, inShort, isJsonObject, type JsonObject, parseJson, readableJson } from "./Json.ts"
import { derive, isVaultId, KEY_BYTES, type Keyring, MAX_EPOCH, plainKeyring } from "./Keyring.ts"

export interface VaultDescriptor {
  readonly vault: string
  /** 1, and one more with every change. */
  readonly sequence: number
  readonly cipher: typeof CIPHER | typeof NO_CIPHER
  /** ISO 8601, UTC. */
  readonly created: string
  /** The newest epoch; 0 without encryption. */
  readonly epoch: number
  readonly epochs: ReadonlyArray<EpochRecord>
  readonly passphrase: PassphraseWrap | null
  /** Of epochs that are over, ascending; see above. */
  readonly rotations: ReadonlyArray<RotationRecord>
  readonly mac: string | null
  /** Members written by a newer hx that need not be understood. */
  readonly extra: JsonObject
}

export interface EpochRecord {
  readonly epoch: number
  /** ISO 8601, UTC. */
  readonly created: string
  readonly check: string
  readonly wrapped: string | null
  readonly accepted: ReadonlyArray<AcceptedSequence> | null
}

/** The last manifest of a device that is accepted under an epoch that is over. */
export interface AcceptedSequence {
  readonly device: DeviceId
  readonly sequence: number
}

/** How an epoch ended. */
export interface RotationRecord {
  readonly epoch: number
  readonly objects: ReadonlyArray<AcceptedObject>
  readonly proof: string
}

/** A manifest that is accepted under an epoch that is over: the SHA-256 of the sealed object, hex. */
export interface AcceptedObject {
  readonly device: DeviceId
  readonly sha256: string
}

export interface PassphraseWrap extends ScryptCost {
  readonly kdf: "scrypt"
  readonly salt: string
  readonly wrapped: string
}

export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

export class VaultDescriptorError extends Data.TaggedError("VaultDescriptorError")<{
  readonly reason:
    | "NotADescriptor" // something else, or cut short
    | "NewerFormat"
    | "Corrupt" // damaged
    | "TooLarge"
  readonly detail: string
}> {
  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }
}

export class PassphraseError extends Data.TaggedError("PassphraseError")<{
  readonly reason: "NotSet" | "WrongPassphrase"
}> {}

export const CIPHER = "aes-256-gcm+hkdf-sha512"
export const NO_CIPHER = "none"

export const MAX_DESCRIPTOR_BYTES = 1024 * 1024

export const PASSPHRASE_SALT_BYTES = 32

/** 128 MiB and about half a second. */
export const DEFAULT_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 }

/** A new vault's descriptor. `at` is in µs; without a key the vault is not encrypted. */
export const create = (options: {
  readonly vaultId: string
  readonly key: Uint8Array | null
  readonly at: number
}): VaultDescriptor => {
  if (!isVaultId(options.vaultId)) throw new RangeError("a vault's id is 32 lowercase hex digits")
  const { key, vaultId } = options
  const created = isoTime(options.at)
  const epoch = key === null ? 0 : 1
  return sign(
    {
      vault: vaultId,
      sequence: 1,
      cipher: key === null ? NO_CIPHER : CIPHER,
      created,
      epoch,
      epochs: key === null ? [] : [newestEpoch(vaultId, epoch, key, created)],
      passphrase: null,
      rotations: [],
      extra: {}
    },
    key
  )
}

/** The file. */
export const encode = (descriptor: VaultDescriptor): Uint8Array => {
  const signed = { ...unsigned(descriptor), mac: descriptor.mac }
  return Buffer.from(readableJson({ ...signed, checksum: sha256(canonicalJson(signed)) }), "utf8")
}

/** Checks form and checksum, not authenticity: for that see `verify`. */
export const decode = (bytes: Uint8Array): Effect.Effect<VaultDescriptor, VaultDescriptorError> => {
  if (bytes.length > MAX_DESCRIPTOR_BYTES) return refuse("TooLarge", `${bytes.length} bytes`)
  const json = parseJson(bytes)
  if (Either.isLeft(json)) return refuse("NotADescriptor", json.left)
  const { right: document } = json
  if (!isJsonObject(document) || document.format !== FORMAT) return refuse("NotADescriptor", "not a vault's descriptor")
  const { checksum, ...signed } = document
  if (checksum !== sha256(canonicalJson(signed)) || !Buffer.from(readableJson(document)).equals(bytes)) {
    return refuse("Corrupt", "the checksum does not match")
  }
  if (document.version !== VERSION)
    return refuse("NewerFormat", inShort(`version ${canonicalJson(document.version ?? null)}`))
  return fromDocument(signed)
}

/** Whether this key, null for none, is the newest epoch's, and whether everything is as its holder wrote it. */
export const verify = (descriptor: VaultDescriptor, key: Uint8Array | null): "Ok" | "WrongVaultKey" | "Tampered" => {
  const newest = descriptor.epochs.at(-1)
  if (newest === undefined || key === null) return newest === undefined && key === null ? "Ok" : "Tampered"
  if (!sameHex(newest.check, keyCheck(key, descriptor.vault, descriptor.epoch))) return "WrongVaultKey"
  return descriptor.mac !== null && sameHex(descriptor.mac, macOf(descriptor, key)) ? "Ok" : "Tampered"
}

/** What tells an epoch's key from every other one, and nothing of the key: "check" of its record. 32 hex digits. */
export const checkOf = (key: Uint8Array, vaultId: string, epoch: number): string => keyCheck(key, vaultId, epoch)

/** Whether somebody who had this epoch's key began the next one. */
export const provesRotation = (
  descriptor: Pick<VaultDescriptor, "vault" | "epochs" | "rotations">,
  epoch: number,
  key: Uint8Array
): boolean => {
  const rotation = descriptor.rotations.find((each) => each.epoch === epoch)
  const next = descriptor.epochs[epoch]
  return (
    rotation !== undefined &&
    next !== undefined &&
    sameHex(rotation.proof, rotationProof(descriptor.vault, epoch, key, next))
  )
}

/** Whether a manifest sealed under an epoch that is over is one of those that are still believed. */
export const accepts = (
  descriptor: {
    readonly epochs: ReadonlyArray<Pick<EpochRecord, "epoch" | "accepted">>
    readonly rotations: ReadonlyArray<Pick<RotationRecord, "epoch" | "objects">>
  },
  manifest: { readonly epoch: number; readonly device: DeviceId; readonly sequence: number; readonly sha256: string }
): boolean => {
  const accepted = descriptor.epochs.find((each) => each.epoch === manifest.epoch)?.accepted ?? []
  if (!accepted.some((each) => each.device === manifest.device && each.sequence === manifest.sequence)) return false
  const rotation = descriptor.rotations.find((each) => each.epoch === manifest.epoch)
  const objects = rotation?.objects.filter((each) => each.device === manifest.device) ?? []
  return objects.length === 0 || objects.some((each) => each.sha256 === manifest.sha256)
}

/** Every epoch's key, from the newest; null where an older one does not unwrap, which a verified descriptor rules out. */
export const keyringOf = (descriptor: VaultDescriptor, newestKey: Uint8Array | null): Keyring | null => {
  const { epoch, vault } = descriptor
  if (newestKey === null) return descriptor.cipher === NO_CIPHER ? plainKeyring(vault) : null
  const keys = new Map([[epoch, newestKey]])
  for (const record of descriptor.epochs.toReversed().slice(1)) {
    const next = keys.get(record.epoch + 1)
    if (next === undefined || record.wrapped === null) return null
    const key = unsealKey(derive(next, ["hx.vault.wrap.1", vault, String(record.epoch)], SEALING_BYTES), record.wrapped)
    if (key === null || !sameHex(record.check, keyCheck(key, vault, record.epoch))) return null
    keys.set(record.epoch, key)
  }
  return { vaultId: vault, encrypted: true, epoch, keys }
}

/** Adds a passphrase, or replaces it. */
export const wrapWithPassphrase = Effect.fn("VaultDescriptor.wrapWithPassphrase")(function* (
  descriptor: VaultDescriptor,
  key: Uint8Array,
  options: { readonly passphrase: string; readonly salt: Uint8Array; readonly cost?: ScryptCost }
) {
  const cost = options.cost ?? DEFAULT_COST
  const sealing = yield* passphraseSealing(descriptor, options.passphrase, options.salt, cost)
  const salt = Buffer.from(options.salt).toString("hex")
  const passphrase: PassphraseWrap = { kdf: "scrypt", ...cost, salt, wrapped: sealKey(sealing, key) }
  return sign({ ...descriptor, sequence: descriptor.sequence + 1, passphrase }, key)
})

/** Takes the passphrase away: from now on only the recovery key opens the vault. */
export const withoutPassphrase = (descriptor: VaultDescriptor, key: Uint8Array): VaultDescriptor =>
  sign({ ...descriptor, sequence: descriptor.sequence + 1, passphrase: null }, key)

/** The newest epoch's key. Verify the descriptor with it before anything else. */
export const unlockWithPassphrase = Effect.fn("VaultDescriptor.unlockWithPassphrase")(function* (
  descriptor: VaultDescriptor,
  passphrase: string
) {
  const wrap = descriptor.passphrase
  if (wrap === null) return yield* new PassphraseError({ reason: "NotSet" })
  const sealing = yield* passphraseSealing(descriptor, passphrase, Buffer.from(wrap.salt, "hex"), wrap)
  const key = unsealKey(sealing, wrap.wrapped)
  return key ?? (yield* new PassphraseError({ reason: "WrongPassphrase" }))
})

/** A new epoch under a new random key. The old passphrase goes, since it gives the old key. `at` is in µs. */
export const rotate = (
  descriptor: VaultDescriptor,
  options: {
    readonly oldKey: Uint8Array
    readonly newKey: Uint8Array
    readonly accepted: ReadonlyArray<AcceptedSequence>
    /** The very objects, where they could be read. */
    readonly objects?: ReadonlyArray<AcceptedObject>
    readonly at: number
  }
): VaultDescriptor => {
  const { vault } = descriptor
  const epoch = descriptor.epoch + 1
  if (descriptor.cipher === NO_CIPHER || epoch > MAX_EPOCH) throw new RangeError("this vault has no further epoch")
  const sealing = derive(options.newKey, ["hx.vault.wrap.1", vault, String(descriptor.epoch)], SEALING_BYTES)
  const ended = { wrapped: sealKey(sealing, options.oldKey), accepted: options.accepted }
  const epochs = descriptor.epochs.map((record) =>
    record.epoch === descriptor.epoch ? { ...record, ...ended } : record
  )
  const newest = newestEpoch(vault, epoch, options.newKey, isoTime(options.at))
  const rotation: RotationRecord = {
    epoch: descriptor.epoch,
    objects: options.objects ?? [],
    proof: rotationProof(vault, descriptor.epoch, options.oldKey, newest)
  }
  return sign(
    {
      ...descriptor,
      sequence: descriptor.sequence + 1,
      epoch,
      epochs: [...epochs, newest],
      rotations: [...descriptor.rotations, rotation],
      passphrase: null
    },
    options.newKey
  )
}

/** The same, numbered above everything that was seen of this vault: for a file that is written anew. */
export const above = (descriptor: VaultDescriptor, sequence: number, key: Uint8Array | null): VaultDescriptor =>
  sequence < descriptor.sequence ? descriptor : sign({ ...descriptor, sequence: sequence + 1 }, key)

const FORMAT = "hx-vault"
const VERSION = 1
const SEALING_BYTES = 44
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024
const KNOWN_FEATURES: ReadonlySet<string> = new Set()

const refuse = (reason: VaultDescriptorError["reason"], detail: string) =>
  Effect.fail(new VaultDescriptorError({ reason, detail }))

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex")

const isoTime = (micros: number): string => new Date(Math.floor(micros / 1000)).toISOString()

const sameHex = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a, "ascii"), Buffer.from(b, "ascii"))

type Draft = Omit<VaultDescriptor, "mac">

const sign = (draft: Draft, key: Uint8Array | null): VaultDescriptor => ({
  ...draft,
  mac: key === null ? null : macOf(draft, key)
})

const macOf = (draft: Draft, key: Uint8Array): string =>
  createHmac("sha256", derive(key, ["hx.vault.mac.1", draft.vault], 32))
    .update(canonicalJson(unsigned(draft)), "utf8")
    .digest("hex")

/** The document without "mac" and "checksum". */
const unsigned = (draft: Draft): JsonObject => ({
  ...draft.extra,
  format: FORMAT,
  version: VERSION,
  mandatory: [],
  vault: draft.vault,
  sequence: draft.sequence,
  cipher: draft.cipher,
  created: draft.created,
  epoch: draft.epoch,
  epochs: draft.epochs.map((record) => ({
    epoch: record.epoch,
    created: record.created,
    check: record.check,
    wrapped: record.wrapped,
    accepted: record.accepted?.map(({ device, sequence }) => ({ device, sequence })) ?? null
  })),
  passphrase: draft.passphrase === null ? null : { ...draft.passphrase },
  ...(draft.rotations.length === 0 ? {} : { rotations: draft.rotations.map(rotationJson) })
})

const rotationJson = ({ epoch, objects, proof }: RotationRecord): JsonObject => ({
  epoch,
  objects: objects.map(({ device, sha256 }) => ({ device, sha256 })),
  proof
})

const newestEpoch = (vaultId: string, epoch: number, key: Uint8Array, created: string): EpochRecord => ({
  epoch,
  created,
  check: keyCheck(key, vaultId, epoch),
  wrapped: null,
  accepted: null
})

const keyCheck = (key: Uint8Array, vaultId: string, epoch: number): string =>
  Buffer.from(derive(key, ["hx.vault.check.1", vaultId, String(epoch)], 16)).toString("hex")

const rotationProof = (vaultId: string, epoch: number, key: Uint8Array, next: EpochRecord): string =>
  createHmac("sha256", derive(key, ["hx.vault.rotation.1", vaultId, String(epoch)], 32))
    .update(canonicalJson({ check: next.check, created: next.created, epoch: next.epoch }), "utf8")
    .digest("hex")

const passphraseSealing = (descriptor: Draft, passphrase: string, salt: Uint8Array, cost: ScryptCost) =>
  Effect.async<Uint8Array>((resume) => {
    const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: MAX_SCRYPT_BYTES + 1024 * 1024 }
    scrypt(passphrase.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => {
      if (error !== null) return resume(Effect.die(error))
      const info = ["hx.vault.passphrase.1", descriptor.vault, String(descriptor.epoch)]
      resume(Effect.sync(() => derive(key, info, SEALING_BYTES)))
    })
  })

const sealKey = (sealing: Uint8Array, key: Uint8Array): string => {
  const cipher = createCipheriv("aes-256-gcm", sealing.subarray(0, 32), sealing.subarray(32), { authTagLength: 16 })
  return Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]).toString("hex")
}

const unsealKey = (sealing: Uint8Array, wrapped: string): Uint8Array | null => {
  const bytes = Buffer.from(wrapped, "hex")
  const decipher = createDecipheriv("aes-256-gcm", sealing.subarray(0, 32), sealing.subarray(32), { authTagLength: 16 })
  decipher.setAuthTag(bytes.subarray(KEY_BYTES))
  try {
    return new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(0, KEY_BYTES)), decipher.final()]))
  } catch {
    return null
  }
}

const hex = (bytes: number) => Schema.String.pipe(Schema.pattern(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)))
const count = Schema.Number.pipe(Schema.int(), Schema.between(0, Number.MAX_SAFE_INTEGER))
const time = Schema.String.pipe(Schema.pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
const deviceId = Schema.String.pipe(Schema.filter(isDeviceId))

const Document = Schema.Struct({
  format: Schema.Literal(FORMAT),
  version: Schema.Literal(VERSION),
  mandatory: Schema.Array(Schema.String),
  vault: Schema.String.pipe(Schema.filter(isVaultId)),
  sequence: count,
  cipher: Schema.Literal(CIPHER, NO_CIPHER),
  created: time,
  epoch: count,
  epochs: Schema.Array(
    Schema.Struct({
      epoch: count,
      created: time,
      check: hex(16),
      wrapped: Schema.NullOr(hex(48)),
      accepted: Schema.NullOr(Schema.Array(Schema.Struct({ device: deviceId, sequence: count })))
    })
  ).pipe(Schema.maxItems(MAX_EPOCH)),
  passphrase: Schema.NullOr(
    Schema.Struct({
      kdf: Schema.Literal("scrypt"),
      n: Schema.Number.pipe(Schema.filter((n) => n >= 2 ** 14 && n <= 2 ** 20 && Number.isInteger(Math.log2(n)))),
      r: Schema.Number.pipe(Schema.int(), Schema.between(1, 32)),
      p: Schema.Number.pipe(Schema.int(), Schema.between(1, 4)),
      salt: hex(PASSPHRASE_SALT_BYTES),
      wrapped: hex(48)
    }).pipe(Schema.filter(({ n, r }) => 128 * n * r <= MAX_SCRYPT_BYTES))
  ),
  rotations: Schema.optional(
    Schema.Array(
      Schema.Struct({
        epoch: count,
        objects: Schema.Array(Schema.Struct({ device: deviceId, sha256: hex(32) })),
        proof: hex(32)
      })
    ).pipe(Schema.maxItems(MAX_EPOCH))
  ),
  mac: Schema.NullOr(hex(32))
})

const decodeDocument = Schema.decodeUnknownEither(Document, { onExcessProperty: "error" })

const fromDocument = (signed: JsonObject): Effect.Effect<VaultDescriptor, VaultDescriptorError> => {
  const mandatory = Array.isArray(signed.mandatory) ? signed.mandatory : []
  const unknown = mandatory.filter((feature) => typeof feature === "string" && !KNOWN_FEATURES.has(feature))
  if (unknown.length > 0) return refuse("NewerFormat", inShort(`it needs a newer hx (${unknown.join(", ")})`))
  const names = Object.keys(signed)
  const pick = (known: boolean) =>
    Object.fromEntries(Object.entries(signed).filter(([name]) => Object.hasOwn(Document.fields, name) === known))
  const decoded = decodeDocument(pick(true))
  if (Either.isLeft(decoded)) return refuse("Corrupt", `a member is not as it should be (${names.length} members)`)
  const { format: _format, version: _version, mandatory: _mandatory, rotations = [], ...rest } = decoded.right
  const descriptor = { ...rest, rotations }
  // An empty list is written as none: it would not be the same file again.
  if (signed.rotations !== undefined && rotations.length === 0) return refuse("Corrupt", "rotations of no epoch")
  return isCoherent(descriptor)
    ? Effect.succeed({ ...descriptor, extra: pick(false) })
    : refuse("Corrupt", "its epochs do not fit together")
}

const isCoherent = (descriptor: Omit<VaultDescriptor, "extra">): boolean => {
  const { cipher, epoch, epochs, mac, passphrase, rotations } = descriptor
  if (cipher === NO_CIPHER) {
    return epoch === 0 && epochs.length === 0 && mac === null && passphrase === null && rotations.length === 0
  }
  return (
    epoch === epochs.length &&
    epoch > 0 &&
    mac !== null &&
    rotations.every((each, index) => each.epoch > (rotations[index - 1]?.epoch ?? 0) && each.epoch < epoch) &&
    epochs.every((record, index) => {
      const newest = index === epoch - 1
      return record.epoch === index + 1 && newest === (record.wrapped === null) && newest === (record.accepted === null)
    })
  )
}
