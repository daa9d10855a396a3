/**
 * A certificate that signs itself, for a server of a test: X.509 v3 (RFC 5280) with an elliptic key, for the given DNS names and 127.0.0.1, made on
 * the spot so that no key lies in the repository.
 */

import { generateKeyPairSync, randomBytes, sign } from "node:crypto"

export interface SelfSigned {
  /** PEM. */
  readonly certificate: string
  readonly key: string
}

export const selfSigned = (names: ReadonlyArray<string>): SelfSigned => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const name = sequence(set(sequence(oid("550403"), der(0x0c, Buffer.from("hx test")))))
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time("20200101000000Z"), time("20991231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeNames(names), authority))
  )
  const signature = sign("sha256", body, privateKey)
  const certificate = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? []
  return {
    certificate: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

const der = (tag: number, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const sequence = (...parts: ReadonlyArray<Buffer>): Buffer => der(0x30, ...parts)
const set = (...parts: ReadonlyArray<Buffer>): Buffer => der(0x31, ...parts)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"))
const time = (text: string): Buffer => der(0x18, Buffer.from(text))

const alternativeNames = (names: ReadonlyArray<string>): Buffer => {
  const dns = names.map((name) => der(0x82, Buffer.from(name)))
  return sequence(oid("551d11"), der(0x04, sequence(...dns, der(0x87, Buffer.of(127, 0, 0, 1)))))
}

/** basicConstraints, critical: a certificate authority. */
const authority = sequence(oid("551d13"), der(0x01, Buffer.of(0xff)), der(0x04, sequence(der(0x01, Buffer.of(0xff)))))
