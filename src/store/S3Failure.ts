/**
 * What is kept of a failure that the SDK reports. Its own error objects hold requests, responses and, for a wrong signature, what was signed; none of
 * that may reach a log or a terminal, so they end here.
 */

import { Effect, Option, Redacted } from "effect"
import { errno } from "../platform/Errno.ts"
import { variable } from "../platform/Variables.ts"
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
  /** One line, without secrets. */
  readonly message: string
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
    message: oneLine(asText(error["message"]) ?? "", secrets)
  }
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
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .trim()
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean
}

/** Seconds, as all stores send them; a date would be compared with a clock that may be wrong. */
const retryAfter = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined

const region = (text: string | undefined): string | undefined =>
  text !== undefined && /^[a-z0-9-]{2,40}$/.test(text) ? text : undefined

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const asText = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const asNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)
