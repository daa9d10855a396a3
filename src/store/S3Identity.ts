/**
 * Who asks: the keys of the URL; else its profile; else AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; else the SDK's own chain (AWS_PROFILE, SSO, web
 * identity, container, instance). Keys in variables beat AWS_PROFILE, as they do for the AWS CLI; the SDK would have it the other way round.
 *
 * The chain's last link asks the metadata service of a virtual machine at Amazon, and waits for seconds wherever there is none. So it is asked only on
 * such machines, and where AWS_EC2_METADATA_DISABLED=false says so.
 */

import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3"
import { Effect, Option, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { firstVariable, setDefaultVariable, variable } from "../platform/Variables.ts"
import { reasonOf } from "./S3Errors.ts"
import { readFailure, secretsOf } from "./S3Failure.ts"
import type { StoreErrorReason } from "./StoreError.ts"
import type { S3Location, StoreCredentials } from "./StoreUrl.ts"

export interface Identity {
  /** The part of the client's configuration that says who asks. */
  readonly config: Pick<S3ClientConfig, "credentials" | "profile">
  /** The profile that is looked up, where one is named. */
  readonly profile: Option.Option<string>
  /** What may be shown nowhere: all secrets that requests were or will be signed with. Grows as the chain finds more. */
  readonly secrets: Set<string>
}

export const identityOf = Effect.fn("S3Identity.of")(function* (
  location: S3Location,
  credentials: Option.Option<StoreCredentials>
) {
  const keys = Option.isSome(credentials) || Option.isSome(location.profile) ? credentials : yield* keysOfEnvironment
  if (Option.isSome(keys)) {
    const given = { ...revealed(keys.value), ...(Option.isSome(credentials) ? {} : { $source: FROM_VARIABLES }) }
    const secrets = new Set(secretsOf(keys.value))
    return {
      config: { credentials: given },
      profile: Option.none(),
      secrets
    } satisfies Identity as Identity
  }
  const profile = Option.isSome(location.profile)
    ? location.profile
    : yield* firstVariable(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
  const config = Option.match(profile, { onNone: () => ({}), onSome: (name) => ({ profile: name }) })
  return { config, profile, secrets: new Set() } satisfies Identity as Identity
})

/** The credentials of this client, for other clients of the same identity. What they find is noted, and what they fail with is made plain. */
export const sharedCredentials = (
  client: S3Client,
  { secrets }: Identity
): NonNullable<S3ClientConfig["credentials"]> => {
  const chain = client.config.credentials
  const provider: typeof chain = async (options) => {
    const found = await chain(options).catch((thrown: unknown) => {
      throw plain(thrown)
    })
    for (const secret of [found.accessKeyId, found.secretAccessKey, found.sessionToken ?? ""]) secrets.add(secret)
    return found
  }
  // The chain keeps what it found until that expires; keeping it twice would hide a refresh.
  return Object.assign(provider, { memoized: true })
}

/** What the SDK can be told through variables only. Before it is loaded. */
export const prepareEnvironment: Effect.Effect<void> = Effect.gen(function* () {
  // Node 20 is supported here; users can do nothing about the warning.
  yield* setDefaultVariable("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true")
  if (!(yield* isAmazonMachine)) yield* setDefaultVariable("AWS_EC2_METADATA_DISABLED", "true")
})

/** As the chain marks what it finds there. */
const FROM_VARIABLES = { CREDENTIALS_ENV_VARS: "g" } as const

const keysOfEnvironment = Effect.gen(function* () {
  const accessKey = yield* variable("AWS_ACCESS_KEY_ID")
  const secretKey = yield* variable("AWS_SECRET_ACCESS_KEY")
  const sessionToken = yield* variable("AWS_SESSION_TOKEN")
  return Option.map(Option.all({ accessKey, secretKey }), (both): StoreCredentials => ({
    accessKey: Redacted.make(both.accessKey),
    secretKey: Redacted.make(both.secretKey),
    sessionToken: Option.map(sessionToken, Redacted.make)
  }))
})

const revealed = ({ accessKey, secretKey, sessionToken }: StoreCredentials) => ({
  accessKeyId: Redacted.value(accessKey),
  secretAccessKey: Redacted.value(secretKey),
  ...Option.match(sessionToken, {
    onNone: () => ({}),
    onSome: (token) => ({ sessionToken: Redacted.value(token) })
  })
})

/**
 * A failure to get credentials, so that it is not taken for one of the store: a file that cannot be read or a broken answer means that there are
 * none, a refusal of the service that gives them is a refusal.
 */
const plain = (thrown: unknown): unknown => {
  const failure = readFailure(thrown, [])
  // What the program wrote to standard error follows its command line, and either may hold a password.
  if (failure.message.startsWith("Command failed:")) {
    return named("CredentialsProviderError", "its credential_process failed; run that by hand to see why")
  }
  const reason = reasonOf(failure)
  if (CLEAR.has(reason) || (failure.status ?? 0) >= 500) return thrown
  return failure.status === undefined
    ? named("CredentialsProviderError", failure.message)
    : named("AccessDenied", `no credentials were given: ${failure.name}, ${failure.message}`)
}

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

/** Reasons that mean the same whoever was asked. */
const CLEAR: ReadonlySet<StoreErrorReason> = new Set([
  "NoCredentials",
  "AccessDenied",
  "CredentialsExpired",
  "ClockSkewed",
  "Throttled",
  "ConnectionLost",
  "TimedOut",
  "Refused",
  "Unreachable",
  "Tls"
])

/** Firmware says so on Nitro machines, the hypervisor on older ones (docs.aws.amazon.com, "Identify EC2 instances"). */
const isAmazonMachine: Effect.Effect<boolean> = Effect.promise(async () => {
  const read = (path: string) => readFile(path, "utf8").catch(() => "")
  const [vendor, hypervisor] = await Promise.all([read("/sys/class/dmi/id/sys_vendor"), read("/sys/hypervisor/uuid")])
  return vendor.startsWith("Amazon") || hypervisor.toLowerCase().startsWith("ec2")
})
