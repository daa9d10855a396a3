/**
 * Stands for the services of Amazon that give credentials: STS (roles, web identity), single sign-on, the credentials of containers and of virtual
 * machines. Whoever asks gets the account that is given out at the time.
 */

import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type Account, close, collect, listen } from "./S3StandIn.ts"
import type { SelfSigned } from "./SelfSigned.ts"

export interface CredentialServices {
  readonly endpoint: string
  readonly port: number
  /** What was asked: "AssumeRoleWithWebIdentity", a path; with the form and headers that came with it. */
  readonly asked: Array<{
    readonly what: string
    readonly form: URLSearchParams
    readonly headers: IncomingMessage["headers"]
  }>
  /** From now on this is given out, valid for so many seconds. */
  readonly give: (account: Account, seconds?: number) => void
  /** From now on STS refuses, with this code and message. */
  readonly refuse: (code: string, message: string) => void
  readonly stop: () => Promise<void>
}

export const startCredentialServices = async (tls?: SelfSigned): Promise<CredentialServices> => {
  const asked: Array<CredentialServices["asked"][number]> = []
  let account: Account = { accessKey: "", secretKey: "" }
  let expiration = 0
  let refusal: readonly [code: string, message: string] | undefined
  const listener: RequestListener = (request, response) => {
    collect(request).then(
      (body) => {
        const form = new URLSearchParams(body.toString())
        const path = (request.url ?? "").split("?")[0] ?? ""
        const what = form.get("Action") ?? path
        asked.push({ what, form, headers: request.headers })
        const isSts = form.has("Action")
        if (isSts && refusal !== undefined) {
          const [code, message] = refusal
          response.writeHead(400, { "content-type": "text/xml" })
          return response.end(
            `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
          )
        }
        response.writeHead(200, { "content-type": isSts ? "text/xml" : "application/json" })
        response.end(isSts ? stsAnswer(what, account, expiration) : jsonAnswer(path, account, expiration))
      },
      () => response.destroy()
    )
  }
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
  const port = await listen(server)
  return {
    endpoint: `http${tls === undefined ? "" : "s"}://127.0.0.1:${port}`,
    port,
    asked,
    give: (given, seconds = 3600) => {
      account = given
      expiration = Date.now() + seconds * 1000
      refusal = undefined
    },
    refuse: (code, message) => {
      refusal = [code, message]
    },
    stop: () => close(server)
  }
}

const stsAnswer = (
  action: string,
  { accessKey, secretKey, sessionToken = "" }: Account,
  expiration: number
): string => `
<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/hx/hx</Arn><AssumedRoleId>AROA:hx</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>${accessKey}</AccessKeyId><SecretAccessKey>${secretKey}</SecretAccessKey>
<SessionToken>${sessionToken}</SessionToken><Expiration>${new Date(expiration).toISOString()}</Expiration></Credentials>
</${action}Result></${action}Response>`

const jsonAnswer = (path: string, { accessKey, secretKey, sessionToken }: Account, expiration: number): string => {
  // Virtual machines: a token, the name of the role, then its credentials.
  if (path === "/latest/api/token") return "metadata-token"
  if (path === "/latest/meta-data/iam/security-credentials/") return "hx-role"
  const keys = { SecretAccessKey: secretKey, Token: sessionToken, Expiration: new Date(expiration).toISOString() }
  return path === "/federation/credentials"
    ? JSON.stringify({
        roleCredentials: { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken, expiration }
      })
    : JSON.stringify({ Code: "Success", Type: "AWS-HMAC", AccessKeyId: accessKey, ...keys })
}
