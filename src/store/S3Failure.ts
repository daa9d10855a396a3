/**
 * What is kept of a failure that the SDK reports. Its own error objects hold requests, responses and, for a wrong signature, what was signed; none of
 * that may reach a log or a terminal, so they end here.
 */

import { Effect, Option, Redacted } from "effect"
import { errno } from "../platform/Errno.ts"
import { variable } from "../platform/Variables.ts"
import { type ArchiveClass, archiveClassOf } from "./ArchiveClass.ts"
import type { StoreCredentials } from "./StoreUrl.ts"

export interface S3Failure {
  /** The class of a local failure, or the S3 code of a remote one ("NoSuchKey"). */
  readonly name: string
  /** The code of a system or TLS error ("ECONNRESET"). */
  readonly code: string | undefined
  readonly status: number | undefined
  /** Whether the answer had an S3 error in it, and so came from something that speaks S3. */
  readonly fromS3: boolean
  readonly html: boolean
  /** Milliseconds. */
  readonly retryAfter: number | undefined
  readonly region: string | undefined
  readonly location: string | undefined
  /** InvalidObjectState: where the object is. */
  readonly archive: ArchiveClass | undefined
  /** One line, without secrets. */
  readonly message: string
  /** What Amazon says of a permission that lacks. */
  readonly denial: Denial | undefined
}

export interface Denial {
  /** "s3:ListBucket": not always what the request is named after. */
  readonly action: string
  /** "no identity-based policy allows the s3:ListBucket action" */
  readonly why: string | undefined
}

export const readFailure = (thrown: unknown, secrets: ReadonlyArray<string>): S3Failure => {
  const error = asRecord(thrown)
  const metadata = asRecord(error["$metadata"])
  const response = asRecord(error["$response"])
  const headers = asRecord(response["headers"])
  const s3Code = asText(error["Code"])
  const body = asText(error["$responseBodyText"]) ?? asText(error["body"]) ?? ""
  return {
    name: oneLine(s3Code ?? asText(error["name"]) ?? "Error", secrets),
    code: errno(thrown),
    status: asNumber(metadata["httpStatusCode"]) ?? asNumber(response["statusCode"]),
    fromS3: s3Code !== undefined,
    html: /^\s*<(!doctype )?html/i.test(body) || (asText(headers["content-type"]) ?? "").startsWith("text/html"),
    retryAfter: retryAfter(asText(headers["retry-after"])),
    region: region(asText(headers["x-amz-bucket-region"]) ?? asText(error["Region"])),
    location: asText(headers["location"]),
    archive: archiveClassOf(asText(error["StorageClass"]), asText(error["AccessTier"])),
    message: oneLine(asText(error["message"]) ?? "", secrets),
    denial: denialIn(asText(error["message"]) ?? "", secrets)
  }
}

/** "User: arn:… is not authorized to perform: s3:GetObject on resource: "arn:…" because no identity-based policy allows …" */
const denialIn = (message: string, secrets: ReadonlyArray<string>): Denial | undefined => {
  const [, action, rest = ""] = /not authorized to perform: (s3:[A-Za-z]{1,40})\b(.*)/.exec(message) ?? []
  if (action === undefined) return undefined
  const [, why] = /\b(?:because|with) (.{1,200})/.exec(rest) ?? []
  return { action, why: why === undefined ? undefined : oneLine(why, secrets) }
}

/** What may not be shown of these credentials. */
export const secretsOf = (credentials: StoreCredentials): ReadonlyArray<string> =>
  [credentials.accessKey, credentials.secretKey, ...Option.toArray(credentials.sessionToken)].map((secret) =>
    Redacted.value(secret)
  )

/** Secrets that the SDK and the proxy agents take from the environment by themselves. */
export const secretsOfEnvironment: Effect.Effect<ReadonlyArray<string>> = Effect.map(
  Effect.forEach(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"], variable),
  (found) => found.flatMap(Option.toArray)
)

/** Text from a store, fit for a message: one line, printable, short, and without what it should not repeat. */
export const oneLine = (text: string, secrets: ReadonlyArray<string>): string => {
  const clean = secrets
    .filter((secret) => secret.length > 3)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), text)
    .split("\n", 1)
    .join("")
    .replaceAll(TOKEN, "…")
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .trim()
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean
}

/** A web identity's token (JSON Web Token, RFC 7519), which STS may repeat. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** Seconds, as all stores send them; a date would be compared with a clock that may be wrong. */
const retryAfter = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined

const region = (text: string | undefined): string | undefined =>
  text !== undefined && /^[a-z0-9-]{2,40}$/.test(text) ? text : undefined

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const asText = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const asNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)
