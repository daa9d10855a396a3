import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { environment } from "../../src/platform/Variables.ts"
import { awsProfile, profileIn } from "../../src/store/AwsProfile.ts"

const CONFIG = `
# endpoint_url = https://comment.example
[default]
endpoint_url = https://default.example ; of mine
[profile hx]
region=us-west-2
endpoint_url=http://localhost:9000
s3 =
  addressing_style = path
  max_concurrent_requests = 20
output = json
[profile "with space"]
services = local
endpoint_url = https://profile.example
[services local]
dynamodb =
  endpoint_url = https://dynamo.example
s3 =
  endpoint_url = https://s3.example
[profile auto]
s3 =
    addressing_style = auto
[profile ignoring]
ignore_configured_endpoint_urls = true
endpoint_url = https://ignored.example
s3 =
    addressing_style = virtual
`

describe("a profile of the AWS configuration", () => {
  it.each([
    ["default", "https://default.example", undefined],
    ["hx", "http://localhost:9000", true],
    ["with space", "https://s3.example", undefined],
    ["auto", undefined, undefined],
    ["ignoring", undefined, false],
    ["absent", undefined, undefined]
  ])("%s has the endpoint %s and the path style %s", (name, endpoint, pathStyle) =>
    expect(profileIn(CONFIG, name)).toEqual({
      name,
      endpoint: Option.fromNullable(endpoint),
      pathStyle: Option.fromNullable(pathStyle)
    })
  )

  it.effect("is the one that the URL names, else that of AWS_PROFILE; without a file it says nothing", () =>
    Effect.gen(function* () {
      const variables = environment({ AWS_PROFILE: "other", AWS_CONFIG_FILE: "/no/such/file", HOME: "/" })
      const read = (named: Option.Option<string>) => Effect.withConfigProvider(awsProfile(named), variables)
      expect(yield* read(Option.some("hx"))).toEqual({ name: "hx", endpoint: Option.none(), pathStyle: Option.none() })
      expect((yield* read(Option.none())).name).toBe("other")
    })
  )
})
