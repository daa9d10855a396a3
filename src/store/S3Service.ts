/**
 * Which service a location means, once the environment is counted in: its address, how buckets are addressed, and its region where that is
 * known without asking (the URL, AWS_REGION, AWS_DEFAULT_REGION; the profile's is left to the SDK, see S3Client).
 */

import { Effect, Option } from "effect"
import { firstVariable, variable } from "../platform/Variables.ts"
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
  const endpoint = Option.isSome(location.endpoint) ? location.endpoint : yield* endpointOfEnvironment
  const pathStyle = Option.getOrElse(location.pathStyle, () =>
    defaultPathStyle(Option.getOrUndefined(endpoint), location.bucket)
  )
  const address = new URL(Option.getOrElse(endpoint, () => "https://s3.amazonaws.com"))
  if (!pathStyle && Option.isSome(endpoint)) address.hostname = `${location.bucket}.${address.hostname}`
  const region = Option.isSome(location.region)
    ? location.region
    : yield* firstVariable(["AWS_REGION", "AWS_DEFAULT_REGION"])
  return { endpoint, pathStyle, region, address } satisfies S3Service
})

const endpointOfEnvironment = Effect.gen(function* () {
  const ignored = yield* variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
  if (Option.contains(ignored, "true")) return Option.none<string>()
  const set = yield* firstVariable(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
  if (Option.isNone(set)) return Option.none<string>()
  const endpoint = parseEndpoint(set.value)
  if (endpoint !== undefined) return Option.some(endpoint)
  const detail = "not the address of a service, https://host:port"
  return yield* new StoreError({ reason: "Misconfigured", operation: "open", subject: "AWS_ENDPOINT_URL_S3", detail })
})
