/** AWS's Security Token Service as the guide needs it: for any web identity it lends the keys of the S3 server at hand. */

import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { realServer } from "../store/S3Fixture.ts"

export interface TokenService {
  readonly endpoint: string
  readonly stop: () => void
}

export const startTokenService = async (): Promise<TokenService> => {
  const server = createServer((incoming, outgoing) => {
    const chunks: Array<Buffer> = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => {
      const asked = new URLSearchParams(Buffer.concat(chunks).toString("utf8"))
      const known = asked.get("Action") === "AssumeRoleWithWebIdentity" && asked.get("WebIdentityToken") !== null
      outgoing.writeHead(known ? 200 : 400, { "content-type": "text/xml" })
      outgoing.end(known ? lent(asked.get("RoleArn") ?? "") : refused)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"

const refused = `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>no token</Message></Error></ErrorResponse>`

const lent = (role: string): string => {
  const { accessKey = "", secretKey = "" } = realServer() ?? {}
  return `<AssumeRoleWithWebIdentityResponse xmlns="${NAMESPACE}"><AssumeRoleWithWebIdentityResult>
    <AssumedRoleUser><Arn>${role}/hx</Arn><AssumedRoleId>AROA:hx</AssumedRoleId></AssumedRoleUser>
    <Credentials><AccessKeyId>${accessKey}</AccessKeyId><SecretAccessKey>${secretKey}</SecretAccessKey>
    <SessionToken>lent</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
}
