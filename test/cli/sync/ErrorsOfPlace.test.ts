/** Where the store should be and is not: names, addresses, regions, certificates; and the cure of the guide's "Connection refused". */

import { writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { selfSigned } from "../../store/SelfSigned.ts"
import { type StandIn, startStandIn } from "../../store/S3StandIn.ts"
import { answer, describeRows, KEY, makeStage, OBJECT, once, type Row, SECRET, storeUrl, twice } from "./FailureRows.ts"

const stage = makeStage()
let secure: StandIn
let elsewhere: StandIn

beforeAll(async () => {
  const certificate = selfSigned(["s3.example"])
  const accounts = [{ accessKey: KEY, secretKey: SECRET }]
  secure = await startStandIn({ buckets: ["vault"], accounts, tls: certificate })
  elsewhere = await startStandIn({ buckets: ["vault"], accounts, region: "eu-west-1" })
  writeFileSync(join(stage.path, "ca.pem"), certificate.certificate)
})
afterAll(() => Promise.all([secure.stop(), elsewhere.stop()]))

const places: Readonly<Record<string, Row>> = {
  "a bucket that does not exist": {
    url: (endpoint) => storeUrl(endpoint).replace("//vault/", "//no-such-bucket/"),
    told: {
      code: 6,
      words: "No such bucket",
      subject: ["no-such-bucket"],
      hint: "Create it, or correct its name or endpoint in the store URL"
    },
    requests: 1
  },
  "a bucket that cannot exist": {
    url: (endpoint) => storeUrl(endpoint).replace("//vault/", "//My_Bucket/"),
    told: { code: 2, words: '"My_Bucket" is not a bucket\'s name', subject: ["s3://"], hint: "3 to 63" },
    requests: 0
  },
  "a bucket in another region, whose service says which": {
    url: () => `${storeUrl(elsewhere.endpoint)}&region=us-east-1`,
    told: { code: 2, words: "Wrong region", subject: ["the bucket is in eu-west-1"], hint: "?region=eu-west-1" }
  },
  "a bucket in another region, by a redirect": {
    fault: answer(301, "PermanentRedirect", "", { "x-amz-bucket-region": "eu-west-1" }),
    told: { code: 2, words: "Wrong region", subject: ["the bucket is in eu-west-1"], hint: "?region=eu-west-1" }
  },
  "nobody listens": {
    url: () => storeUrl("127.0.0.1:1"),
    env: twice,
    told: {
      code: 6,
      words: "Connection refused",
      subject: [OBJECT, "nothing listens at 127.0.0.1:1"],
      hint: "Check that the server runs"
    }
  },
  "no such host": {
    url: () => storeUrl("https://no-such-host.invalid"),
    env: once,
    told: {
      code: 6,
      words: "No such host",
      subject: ["the name no-such-host.invalid cannot be resolved"],
      hint: "Check the network and the endpoint"
    }
  }
}

const tls: Readonly<Record<string, Row>> = {
  "a certificate that signs itself": {
    url: () => storeUrl(secure.endpoint),
    told: {
      code: 6,
      words: "TLS failed",
      subject: ["signed by nobody whom this machine trusts", "DEPTH_ZERO_SELF_SIGNED_CERT"],
      hint: "AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS"
    }
  },
  "a certificate for another name": {
    url: () => storeUrl(secure.endpoint.replace("127.0.0.1", "localhost")),
    env: { AWS_CA_BUNDLE: join(stage.path, "ca.pem") },
    told: {
      code: 6,
      words: "TLS failed",
      subject: ["the certificate is for another name", "DNS:s3.example"],
      hint: "Check the endpoint's certificate"
    }
  },
  "https where the store speaks http": {
    url: (endpoint) => storeUrl(endpoint.replace("http:", "https:")),
    told: { code: 6, words: "TLS failed", subject: ["does not speak TLS", "endpoint=http://"], hint: "endpoint" }
  },
  "http where the store speaks https": {
    url: () => storeUrl(secure.endpoint.replace("https:", "http:")),
    env: once,
    told: { code: 6, words: "Connection lost", subject: [OBJECT], hint: "http or https" }
  }
}

describeRows("what init says of places", stage, places)
describeRows("what init says of TLS", stage, tls)

describe("what cures it", { timeout: 60_000 }, () => {
  it("Connection refused: the server, once it runs", async () => {
    const port = await freePort()
    const device = stage.device("refused")
    const init = ["sync", "init", "--store", storeUrl(`localhost:${port}`)]
    expect((await device.hx(init, { env: once })).stderr).toMatch(/^Connection refused\n/)
    const target = Number(new URL(stage.endpoint()).port)
    const started = createServer((socket) => {
      const onward = connect(target, "127.0.0.1")
      for (const each of [socket, onward]) each.on("error", () => undefined)
      socket.pipe(onward).pipe(socket)
    })
    await new Promise<void>((resolve) => started.listen(port, "localhost", resolve))
    expect(await device.json(init)).toMatchObject({ outcome: "founded" })
    await new Promise((resolve) => started.close(resolve))
  })
})

const freePort = async (): Promise<number> => {
  const server = createServer()
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "localhost", () => resolve((server.address() as { readonly port: number }).port))
  )
  await new Promise((resolve) => server.close(resolve))
  return port
}
