/**
 * Which service a location means, once variables and the profile are counted in: its address, how buckets are addressed, and its region where that is
 * known without asking (the URL, AWS_REGION, AWS_DEFAULT_REGION; the profile's is left to the SDK, see S3Client).
 */

import { Effect, Option } from "effect"
import { firstVariable, variable } from "../platform/Variables.ts"
import { type AwsProfile, awsProfile } from "./AwsProfile.ts"
import { defaultPathStyle, parseEndpoint } from "./Endpoint.ts"
import { StoreError } from "./StoreError.ts"
import type { S3Location } from "./StoreUrl.ts"

export interface S3Service {
  /** None for Amazon's own. */
  readonly endpoint: Option.Option<string>
  readonly pathStyle: boolean
  readonly region: Option.Option<string>
  /** Where connections go, as far as that is known before the region is: enough to choose a proxy. */
  readonly address: URL
}

export const serviceOf = Effect.fn("S3Service.of")(function* (location: S3Location) {
  const profile = yield* awsProfile(location.profile)
  const endpoint = Option.isSome(location.endpoint) ? location.endpoint : yield* configuredEndpoint(profile)
  const pathStyle = Option.getOrElse(
    Option.orElse(location.pathStyle, () => profile.pathStyle),
    () => defaultPathStyle(Option.getOrUndefined(endpoint), location.bucket)
  )
  const address = new URL(Option.getOrElse(endpoint, () => "https://s3.amazonaws.com"))
  if (!pathStyle && Option.isSome(endpoint)) address.hostname = `${location.bucket}.${address.hostname}`
  const region = Option.isSome(location.region)
    ? location.region
    : yield* firstVariable(["AWS_REGION", "AWS_DEFAULT_REGION"])
  return { endpoint, pathStyle, region, address } satisfies S3Service
})

/** The endpoint that variables name, else the one of the profile. */
const configuredEndpoint = Effect.fnUntraced(function* (profile: AwsProfile) {
  const ignored = yield* variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
  if (Option.contains(ignored, "true")) return Option.none<string>()
  for (const name of ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
    const set = yield* variable(name)
    if (Option.isSome(set)) return Option.some(yield* parsed(set.value, name))
  }
  return yield* Effect.transposeMapOption(profile.endpoint, (text) =>
    parsed(text, `endpoint_url of profile ${profile.name}`)
  )
})

const parsed = (text: string, subject: string): Effect.Effect<string, StoreError> => {
  const endpoint = parseEndpoint(text)
  const detail = "not the address of a service, https://host:port"
  return endpoint === undefined
    ? Effect.fail(new StoreError({ reason: "Misconfigured", operation: "open", subject, detail }))
    : Effect.succeed(endpoint)
}
