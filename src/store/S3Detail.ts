/** What is said of a failure of S3 beside its reason: in plain words where a system or a library gives its own. */

import type { S3Failure } from "./S3Failure.ts"
import type { Permission, StoreErrorReason } from "./StoreError.ts"

/** One sentence, without a full stop; none where there is nothing to add. */
export const detailOf = (reason: StoreErrorReason, failure: S3Failure, permission?: Permission): string | undefined => {
  const said = failure.message === "" || failure.message === "UnknownError" ? undefined : failure.message
  switch (reason) {
    case "WrongRegion":
      return failure.region === undefined ? said : `the bucket is in ${failure.region}`
    case "NotAStore":
      return notAStore(failure)
    case "Absent":
    case "SwapLost":
    case "AlreadyExists":
    case "Archived":
      return undefined
    case "ServerFailure":
    case "Throttled":
      return `status ${failure.status ?? "?"}${failure.fromS3 ? `, ${failure.name}` : ""}${wait(failure)}`
    case "TimedOut":
      return /did not establish a connection/.test(failure.message)
        ? "no connection in the time allowed"
        : "no progress"
    case "CredentialsRefused":
      return REFUSALS[failure.name] ?? said ?? failure.name
    case "AccessDenied":
      return denied(failure, permission, said)
    case "Tls":
      return tls(failure, said)
    case "Refused":
      return `nothing listens at ${addressIn(failure) ?? "its address"}`
    case "Unreachable":
      return unreachable(failure)
    case "ConnectionLost":
      return CLOSED.has(failure.code ?? "") || /hang up|aborted/.test(failure.message)
        ? "the other side closed it"
        : said
    default:
      return said ?? (failure.fromS3 ? failure.name : undefined)
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "it knows no such access key",
  InvalidClientTokenId: "it knows no such access key",
  UnrecognizedClientException: "it knows no such access key",
  SignatureDoesNotMatch: "the secret key is not the one that belongs to the access key",
  InvalidToken: "the session token is not valid, or not that of the access key"
}

const denied = (failure: S3Failure, permission: Permission | undefined, said: string | undefined) => {
  if (permission !== undefined) {
    const why = failure.denial?.why
    return `${permission.action} on ${permission.resource} is not allowed${why === undefined ? "" : `: ${why}`}`
  }
  if (failure.html) return webPage(failure)
  return said ?? (failure.fromS3 ? failure.name : `status ${failure.status ?? "?"}`)
}

const notAStore = (failure: S3Failure): string => {
  if (failure.location !== undefined) return `it redirects to ${origin(failure.location)}`
  if (failure.html) return webPage(failure)
  if (failure.code?.startsWith("HPE_") === true) return "it does not answer in HTTP; if it wants TLS, write https://"
  if (failure.code === "EMSGSIZE") return "its answer does not end"
  return `status ${failure.status ?? failure.code}`
}

const webPage = (failure: S3Failure): string => `it answers with a web page, status ${failure.status ?? "?"}`

/** A redirect's query may hold anything. */
const origin = (location: string): string => (URL.canParse(location) ? new URL(location).origin : "another page")

const wait = ({ retryAfter }: S3Failure): string =>
  retryAfter === undefined || retryAfter === 0 ? "" : `; it asks to wait ${Math.ceil(retryAfter / 1000)} s`

const tls = ({ code = "", message }: S3Failure, said: string | undefined): string | undefined => {
  if (code === "EPROTO" && /wrong version number|packet length too long|http request/i.test(message)) {
    return "what answers does not speak TLS; if it should not, write endpoint=http://…"
  }
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)/.test(code)) {
    return "the certificate has expired or is not valid yet, or the clock of this machine is wrong"
  }
  if (/SELF_SIGNED|ISSUER|LEAF_SIGNATURE|UNTRUSTED/.test(code)) {
    return `the certificate is signed by nobody whom this machine trusts (${code})`
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `the certificate is for another name: ${altNames(message)}`
  // OpenSSL names its own source files.
  return said?.replace(/:(\.\.\/)*deps\/.*/, "")
}

/** Node: "…'s altnames: Host: localhost. is not in the cert's altnames: DNS:s3.example" */
const altNames = (message: string): string => message.replace(/^.*altnames: (?=\S+$|DNS:|IP)/, "")

const unreachable = (failure: S3Failure): string => {
  const address = addressIn(failure) ?? "its address"
  return failure.code?.startsWith("E") === true && /^getaddrinfo/.test(failure.message)
    ? `the name ${address} cannot be resolved`
    : `no way to ${address} (${failure.code})`
}

/** Node's messages end in the address: "connect ECONNREFUSED 127.0.0.1:9000", "getaddrinfo ENOTFOUND host". */
const addressIn = ({ message }: S3Failure): string | undefined =>
  /(?:getaddrinfo|connect) [A-Z_]+ (\S+)/.exec(message)?.[1]

const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"])
