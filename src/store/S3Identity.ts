/**
 * Who asks: the keys of the URL, else the SDK's own chain (variables, profile, SSO, web identity, container, instance).
 *
 * The last link asks the metadata service of a virtual machine at Amazon, and waits for seconds wherever there is none. So it is asked only on such
 * machines, and where AWS_EC2_METADATA_DISABLED=false says so.
 */

import { Effect, Option, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { setDefaultVariable } from "../platform/Variables.ts"
import type { S3Location, StoreCredentials } from "./StoreUrl.ts"

/** The part of the client's configuration that says who asks. */
export const identityOf = (location: S3Location, credentials: Option.Option<StoreCredentials>) =>
  Option.match(credentials, {
    onSome: ({ accessKey, secretKey, sessionToken }) => ({
      credentials: {
        accessKeyId: Redacted.value(accessKey),
        secretAccessKey: Redacted.value(secretKey),
        ...Option.match(sessionToken, {
          onNone: () => ({}),
          onSome: (token) => ({ sessionToken: Redacted.value(token) })
        })
      }
    }),
    onNone: () => Option.match(location.profile, { onNone: () => ({}), onSome: (profile) => ({ profile }) })
  })

/** What the SDK can be told through variables only. Before it is loaded. */
export const prepareEnvironment: Effect.Effect<void> = Effect.gen(function* () {
  // Node 20 is supported here; users can do nothing about the warning.
  yield* setDefaultVariable("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true")
  if (!(yield* isAmazonMachine)) yield* setDefaultVariable("AWS_EC2_METADATA_DISABLED", "true")
})

/** Firmware says so on Nitro machines, the hypervisor on older ones (docs.aws.amazon.com, "Identify EC2 instances"). */
const isAmazonMachine: Effect.Effect<boolean> = Effect.promise(async () => {
  const read = (path: string) => readFile(path, "utf8").catch(() => "")
  const [vendor, hypervisor] = await Promise.all([read("/sys/class/dmi/id/sys_vendor"), read("/sys/hypervisor/uuid")])
  return vendor.startsWith("Amazon") || hypervisor.toLowerCase().startsWith("ec2")
})
