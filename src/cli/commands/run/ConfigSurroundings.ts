/** What `hx config` tells beside the settings: variables of others that hx heeds, and where things are. */

import { Effect, Option } from "effect"
import { access } from "node:fs/promises"
import { dirname, isAbsolute } from "node:path"
import { Paths } from "../../../platform/Paths.ts"
import { HIDDEN } from "../../../platform/Setting.ts"
import { variable as read, variableNames } from "../../../platform/Variables.ts"

export interface ShownVariable {
  readonly variable: string
  readonly shown: string
}

/** The variables of the AWS tools and of the network that are set. Of those that may be secrets only that they are set. */
export const surroundings: Effect.Effect<ReadonlyArray<ShownVariable>> = Effect.gen(function* () {
  const names = (yield* variableNames).filter((name) => isOfAws(name) || NETWORK.includes(name)).sort()
  return yield* Effect.forEach(names, (variable) =>
    Effect.map(read(variable), (value) => ({
      variable,
      shown: Option.match(value, { onNone: () => HIDDEN, onSome: (text) => shownOf(variable, text) })
    }))
  )
})

export interface Place {
  readonly what: string
  readonly path: string
  /** The variable that moved it there; "default". */
  readonly source: string
  readonly exists: boolean
}

export const places = Effect.gen(function* () {
  const paths = yield* Paths
  const config = yield* movedBy("HX_CONFIG_DIR", "XDG_CONFIG_HOME")
  const data = yield* movedBy("HX_DATA_DIR", "XDG_DATA_HOME")
  const all = [
    ["Configuration", paths.config, config],
    ["Settings file", paths.configFile, config],
    ["Data", paths.data, data],
    ["History database", paths.database, data],
    ["Recovery keys", dirname(paths.keys("vault")), data],
    ["Secrets of store URLs", paths.credentials, data],
    ["Folder store, by default", paths.defaultStore, data]
  ] as const
  return yield* Effect.forEach(all, ([what, path, source]) =>
    Effect.map(isThere(path), (exists): Place => ({ what, path, source, exists }))
  )
})

/** Set by hx itself for the SDK. */
const OUR_OWN = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"

const isOfAws = (name: string): boolean => name.startsWith("AWS_") && name !== OUR_OWN

const PROXIES: ReadonlyArray<string> = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]

const NETWORK: ReadonlyArray<string> = [...PROXIES, "NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS"]

/** Addresses, which may hold a user and a password. */
const ADDRESSES: ReadonlyArray<string> = [...PROXIES, "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"]

/** Of all others that begin with AWS_ it is not known what is in them. */
const HARMLESS: ReadonlyArray<string> = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CA_BUNDLE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "NO_PROXY",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS"
]

const shownOf = (name: string, value: string): string => {
  if (HARMLESS.includes(name)) return value
  return ADDRESSES.includes(name) ? addressOf(value) : HIDDEN
}

/** Without user, password and parameters; as proxies are given without a scheme too, "user:password@host" is one. */
const addressOf = (value: string): string => {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(value) ?? []
  const [host = ""] = rest.slice(rest.lastIndexOf("@") + 1).split(/[?#]/)
  return `${scheme}${rest.includes("@") ? "…@" : ""}${host}`
}

const movedBy = (own: string, xdg: string) =>
  Effect.gen(function* () {
    if (Option.isSome(yield* read(own))) return own
    return Option.exists(yield* read(xdg), isAbsolute) ? xdg : "default"
  })

const isThere = (path: string) =>
  Effect.tryPromise(() => access(path)).pipe(
    Effect.as(true),
    Effect.orElseSucceed(() => false)
  )
