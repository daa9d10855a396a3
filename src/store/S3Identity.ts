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

/**
 * The credentials for all connections of a run, by whatever stands for the run: the chain may ask a person or start a slow program, once is enough.
 * `make` gives a client that has the chain. What is found is noted, and what it fails with is made plain.
 */
export const sharedCredentials = (
  run: object,
  { config, profile, secrets }: Identity,
  make: (logger: Logger) => S3Client
): NonNullable<S3ClientConfig["credentials"]> => {
  if (config.credentials !== undefined) return config.credentials
  const { chain, said } = chainOf(
    run,
    Option.getOrElse(profile, () => ""),
    make
  )
  const provider: Chain = async (options) => {
    said.length = 0
    const found = await chain(options).catch((thrown: unknown) => {
      throw plain(thrown, said)
    })
    for (const secret of [found.accessKeyId, found.secretAccessKey, found.sessionToken ?? ""]) secrets.add(secret)
    return found
  }
  // The chain keeps what it found until that expires; keeping it twice would hide a renewal.
  return Object.assign(provider, { memoized: true })
}

type Chain = S3Client["config"]["credentials"]
type Logger = NonNullable<S3ClientConfig["logger"]>

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

interface NotedChain {
  readonly chain: Chain
  /** Why each link has failed since this was emptied; the chain itself reports the last only, which is not to the point. */
  readonly said: Array<string>
}

const chains = new WeakMap<object, Map<string, NotedChain>>()

const chainOf = (run: object, profile: string, make: (logger: Logger) => S3Client): NotedChain => {
  const ofRun = chains.get(run) ?? new Map<string, NotedChain>()
  chains.set(run, ofRun)
  const known = ofRun.get(profile)
  if (known !== undefined) return known
  const said: Array<string> = []
  const nothing = () => {}
  const debug = (...words: ReadonlyArray<unknown>) => {
    const [, why] = /^@smithy\/property-provider (?:->|\(!\)) (.*)$/s.exec(String(words[0])) ?? []
    if (why !== undefined) said.push(why)
  }
  const { config } = make({ debug, info: nothing, warn: nothing, error: nothing })
  const made = { chain: config.credentials, said }
  ofRun.set(profile, made)
  return made
}

/**
 * A failure to get credentials, so that it is not taken for one of the store: a file that cannot be read or a broken answer means that there are
 * none, a refusal of the service that gives them is a refusal.
 */
const plain = (thrown: unknown, said: ReadonlyArray<string>): unknown => {
  const failure = readFailure(thrown, [])
  const reason = reasonOf(failure)
  if (reason === "NoCredentials") {
    const why = [...said, failure.message].find((each) => !BESIDE_THE_POINT.test(each)) ?? NOWHERE
    return none(why)
  }
  if (CLEAR.has(reason) || (failure.status ?? 0) >= 500) return thrown
  return failure.status === undefined
    ? none(failure.message)
    : named("CredentialsNotGiven", `no credentials were given: ${failure.name}, ${failure.message}`)
}

/** Where every link of the chain has failed because nobody has set it up. */
const NOWHERE = "there are none in the store URL, in variables or in a profile"

/** Links of the chain that nobody has set up. */
const BESIDE_THE_POINT =
  /skipping|unable to find environment variable|using profile: \[default\]|profile default could not be found|not specified|did not contain|access disabled|could not load credentials from any/i

// What a program wrote to standard error follows its command line, and either may hold a password.
const none = (why: string): Error =>
  named(
    "CredentialsProviderError",
    why.startsWith("Command failed:") ? "its credential_process failed; run that by hand to see why" : why
  )

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

/** Reasons that mean the same whoever was asked. A denial does not: no permission of the bucket's is what lacks. */
const CLEAR: ReadonlySet<StoreErrorReason> = new Set([
  "CredentialsRefused",
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
