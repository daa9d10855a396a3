import { randomBytes } from "node:crypto"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { contract } from "./contract.ts"
import { freshBucket, openS3, realServer, urlOf } from "./S3Fixture.ts"

let server: S3rverServer
beforeAll(async () => {
  server = await startS3rver(["contract"])
})
afterAll(() => server.stop())

contract("s3rver, in process", {
  fresh: Effect.sync(() => {
    const url = server.storeUrl("contract", randomBytes(6).toString("hex"))
    return openS3(url, { capabilities: { createOnly: false, ifMatch: "none" } })
  }),
  conditional: false,
  ordered: false,
  listed: 300
})

const real = realServer()
if (real !== undefined) {
  contract(`a real S3 server, ${real.endpoint}`, {
    fresh: Effect.map(freshBucket(real), (bucket) =>
      openS3(urlOf(real, bucket, "some/prefix"), { capabilities: { createOnly: true, ifMatch: "unquoted" } })
    ),
    conditional: true,
    listed: 1100,
    vagueLosers: true
  })
}
