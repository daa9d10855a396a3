/**
 * The store URL: where a history is kept in step. Pure.
 *
 *     s3://bucket/prefix?region=…&endpoint=…&path_style=…&profile=…&access_key=…&secret_key=…&session_token=…
 *     folder:/path    folder:relative    folder:~/path    file:///path
 *
 * What is parsed falls into two: the location, which is stored and shown, and the credentials, which are kept apart and shown nowhere.
 * Values are percent-decoded, and "+" stays "+": secret keys hold it. No error repeats anything that may be a secret or a piece of one: of what was
 * typed, messages name only bucket names, regions, paths and parameters that look like such.
 */

import { Data, Either, Option, Redacted } from "effect"
import { isAbsolute, join, resolve } from "node:path"
import { nearest } from "../platform/Nearest.ts"
import { endpointHost, parseEndpoint } from "./Endpoint.ts"

export interface StoreUrl {
  readonly location: StoreLocation
  readonly credentials: Option.Option<StoreCredentials>
}

export type StoreLocation = S3Location | FolderLocation

export interface S3Location {
  readonly _tag: "S3"
  readonly bucket: string
  /** Without "/" at either end; empty for the whole bucket. */
  readonly prefix: string
  readonly region: Option.Option<string>
  /** With its scheme; none for AWS. */
  readonly endpoint: Option.Option<string>
  readonly pathStyle: Option.Option<boolean>
  readonly profile: Option.Option<string>
}

export interface FolderLocation {
  readonly _tag: "Folder"
  /** Absolute. */
  readonly path: string
}

export interface StoreCredentials {
  readonly accessKey: Redacted.Redacted
  readonly secretKey: Redacted.Redacted
  readonly sessionToken: Option.Option<Redacted.Redacted>
}

export class StoreUrlError extends Data.TaggedError("StoreUrlError")<{
  /** What is wrong. */
  readonly what: string
  /** In which part of the URL. */
  readonly where: string
  /** What to do next. */
  readonly next: string
}> {
  override get message(): string {
    return `${this.what} (${this.where}); ${this.next}`
  }
}

/** What relative and home paths are relative to. */
export interface PathBase {
  readonly workingDirectory: string
  readonly home: string
}

export const folderLocation = (path: string): FolderLocation => ({ _tag: "Folder", path })

export const parseStoreUrl = (text: string, base: PathBase): Either.Either<StoreUrl, StoreUrlError> => {
  const url = text.trim()
  if (CONTROL.test(url)) return refuse("The store URL holds control characters", "the URL", FORM)
  const scheme = /^([a-z][a-z0-9]*):/i.exec(url)?.[1]?.toLowerCase()
  switch (scheme) {
    case "s3":
      return parseS3(url)
    case "folder":
      return Either.map(parseFolder(url.slice("folder:".length), base), withoutCredentials)
    case "file":
      return Either.map(parseFile(url), withoutCredentials)
    case undefined:
      return refuse("The store URL has no scheme", "its beginning", schemeFor(url))
    case "http":
    case "https":
      return refuse("There is no such kind of store", `${scheme}:`, WEB)
    default:
      return refuse("There is no such kind of store", "the scheme of the URL", FORM)
  }
}

const schemeFor = (url: string): string => {
  if (/^[/.~]/.test(url)) return "for a folder, put folder: before the path"
  if (/^s3\/\//i.test(url)) return "write s3://, with a colon"
  return /^[a-z0-9][a-z0-9.-]{2,62}([/?]|$)/.test(url) ? "for a bucket, put s3:// before its name" : FORM
}

const WEB = "write s3://bucket/prefix, and the server as a parameter: ?endpoint=…"

/** The text that is stored and shown, and that gives the same location when parsed again. Holds no secret. */
export const formatLocation = (location: StoreLocation): string => {
  if (location._tag === "Folder") {
    return needsEncoding(location.path) ? `file://${encodePath(location.path)}` : `folder:${location.path}`
  }
  const parameters = [
    ...parameter("region", location.region),
    ...parameter("endpoint", location.endpoint),
    ...parameter("path_style", Option.map(location.pathStyle, String)),
    ...parameter("profile", location.profile)
  ]
  const path = location.prefix === "" ? "" : `/${encodePath(location.prefix)}`
  return `s3://${location.bucket}${path}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`
}

/** For messages: which bucket, at whose service. */
export const describeLocation = (location: StoreLocation): string => {
  if (location._tag === "Folder") return location.path
  const path = location.prefix === "" ? "" : `/${location.prefix}`
  const at = Option.match(location.endpoint, {
    onNone: () => "",
    onSome: (endpoint) => ` at ${endpointHost(endpoint)}`
  })
  return `s3://${location.bucket}${path}${at}`
}

/**
 * A shell cuts an unquoted URL at its first "&", so that only the first parameter arrives. One that names an endpoint or a path style and nothing
 * else looks like that (bash and sh run the rest as commands; zsh and fish refuse the "?" before hx is started). It may be meant, so this is a note
 * for where something failed, and no error.
 */
export const quotingHint = ({ credentials, location }: StoreUrl): Option.Option<string> =>
  location._tag === "S3" &&
  Option.isSome(location.endpoint) !== Option.isSome(location.pathStyle) &&
  Option.isNone(location.region) &&
  Option.isNone(location.profile) &&
  Option.isNone(credentials)
    ? Option.some(QUOTE)
    : Option.none()

const FORM = 'a store URL is "s3://bucket/prefix?region=…" or folder:/path'
const QUOTE = 'if the URL went on after an "&", quote all of it: the shell cuts it there'
const PARAMETERS = ["region", "endpoint", "path_style", "access_key", "secret_key", "session_token", "profile"] as const
type Parameter = (typeof PARAMETERS)[number]

const CONTROL = /[\u0000-\u001f\u007f]/

/** A parameter that ended up in something else, as where the "?" was forgotten: that would be stored, shown and sent with the secret in it. */
const MISPLACED_SECRET = /(access_?key|secret|token)[^/=]*=/i

const refuseMisplaced = (text: string, where: string): Either.Either<void, StoreUrlError> =>
  MISPLACED_SECRET.test(text)
    ? refuse("Keys stand where they would be shown", where, 'parameters come after one "?", with "&" between them')
    : Either.right(undefined)

const refuse = (what: string, where: string, next: string): Either.Either<never, StoreUrlError> =>
  Either.left(new StoreUrlError({ what, where, next }))

const withoutCredentials = (location: StoreLocation): StoreUrl => ({ location, credentials: Option.none() })

const parseS3 = (url: string): Either.Either<StoreUrl, StoreUrlError> =>
  Either.gen(function* () {
    const [, path = "", query] = /^s3:(?:\/\/)?([^?]*)(?:\?(.*))?$/is.exec(url) ?? []
    if (!/^s3:\/\//i.test(url))
      return yield* refuse("The bucket's name is missing", "after s3:", `write s3://; ${FORM}`)
    const slash = path.indexOf("/")
    yield* refuseMisplaced(slash === -1 ? path : path.slice(0, slash), "the bucket's name")
    const bucket = yield* parseBucket(slash === -1 ? path : path.slice(0, slash))
    const prefix = yield* parsePrefix(slash === -1 ? "" : path.slice(slash + 1))
    const values = yield* parseQuery(query ?? "")
    const location: S3Location = {
      _tag: "S3",
      bucket,
      prefix,
      region: yield* optional(values, "region", parseRegion),
      endpoint: yield* optional(values, "endpoint", parseEndpointParameter),
      pathStyle: yield* optional(values, "path_style", parseBoolean),
      profile: yield* optional(values, "profile", (name) => Either.map(refuseMisplaced(name, "profile"), () => name))
    }
    return { location, credentials: yield* parseCredentials(values) }
  })

/** Amazon's rules for general-purpose buckets (docs.aws.amazon.com, "General purpose bucket naming rules"). */
const parseBucket = (bucket: string): Either.Either<string, StoreUrlError> => {
  if (bucket === "") return refuse("The bucket's name is missing", "after s3://", FORM)
  // A misspelt parameter may be a secret's: none of it is repeated.
  if (/[@:=&]/.test(bucket)) {
    return refuse(
      "Credentials, a host or a port stand where the bucket's name belongs",
      "after s3://",
      "write s3://bucket?endpoint=host:port&access_key=…&secret_key=…, in quotes"
    )
  }
  const valid =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && !bucket.includes("..") && !/^\d+\.\d+\.\d+\.\d+$/.test(bucket)
  return valid
    ? Either.right(bucket)
    : refuse(
        `${quoted(bucket)} is not a bucket's name`,
        "after s3://",
        "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens"
      )
}

const parsePrefix = (raw: string): Either.Either<string, StoreUrlError> =>
  Either.gen(function* () {
    if (raw.includes("#")) return yield* refuse('There is a "#" in the URL', "the prefix", 'write it as "%23"')
    const prefix = (yield* decode(raw, "the prefix")).replace(/\/$/, "")
    yield* refuseMisplaced(prefix, "the prefix")
    if (prefix === "") return ""
    const bad = prefix.split("/").find((segment) => segment === "" || segment === "." || segment === "..")
    if (bad !== undefined || prefix.includes("\\")) {
      return yield* refuse(
        `${quoted(prefix)} is not a prefix`,
        "after the bucket's name",
        'a prefix is names with one "/" between them, none of them "." or ".."'
      )
    }
    if (Buffer.byteLength(prefix) > 512) {
      return yield* refuse("The prefix is too long", "after the bucket's name", "512 bytes are the most")
    }
    return prefix
  })

type Values = ReadonlyMap<Parameter, string>

const parseQuery = (query: string): Either.Either<Values, StoreUrlError> =>
  Either.gen(function* () {
    const values = new Map<Parameter, string>()
    for (const part of query.split("&")) {
      if (part === "") continue
      const equals = part.indexOf("=")
      const name = equals === -1 ? part : part.slice(0, equals)
      const known = PARAMETERS.find((candidate) => candidate === name)
      if (known === undefined) return yield* unknownParameter(name, /=.*[^=]/.test(part))
      if (values.has(known)) return yield* refuse("A parameter is given twice", known, "give it once")
      const value = equals === -1 ? "" : yield* decode(part.slice(equals + 1), known)
      if (value === "") return yield* refuse("A parameter has no value", known, `write ${known}=…, or leave it out`)
      values.set(known, value)
    }
    return values
  })

/** What follows a "&" may be the rest of a secret: it is repeated only where it looks like a misspelt parameter. */
const unknownParameter = (name: string, hasValue: boolean): Either.Either<never, StoreUrlError> => {
  const near = nearest(name, PARAMETERS)
  const nameable = near !== undefined || (hasValue && /^[a-z]{1,12}([_-][a-z]{1,12}){0,2}$/.test(name))
  return refuse(
    nameable ? `There is no parameter ${quoted(name)}` : "There is an unknown parameter",
    'after the "?"',
    near === undefined
      ? `the parameters are ${PARAMETERS.join(", ")}; an "&" inside a value is written %26`
      : `did you mean ${near}?`
  )
}

const parseCredentials = (values: Values): Either.Either<Option.Option<StoreCredentials>, StoreUrlError> => {
  const accessKey = values.get("access_key")
  const secretKey = values.get("secret_key")
  const sessionToken = values.get("session_token")
  if (accessKey !== undefined && secretKey !== undefined) {
    if (values.has("profile")) {
      return refuse("Both a profile and keys are given", "profile, access_key", "give one of the two")
    }
    return Either.right(
      Option.some({
        accessKey: Redacted.make(accessKey),
        secretKey: Redacted.make(secretKey),
        sessionToken: Option.map(Option.fromNullable(sessionToken), Redacted.make)
      })
    )
  }
  if (accessKey === undefined && secretKey === undefined && sessionToken === undefined)
    return Either.right(Option.none())
  const [given, missing] =
    accessKey !== undefined
      ? ["access_key", "secret_key"]
      : secretKey !== undefined
        ? ["secret_key", "access_key"]
        : ["session_token", "access_key"]
  return refuse(`${given} is given without ${missing}`, given, `give both; ${QUOTE}`)
}

const optional = <A>(
  values: Values,
  name: Parameter,
  parse: (value: string) => Either.Either<A, StoreUrlError>
): Either.Either<Option.Option<A>, StoreUrlError> => {
  const value = values.get(name)
  return value === undefined ? Either.right(Option.none()) : Either.map(parse(value), Option.some)
}

const parseRegion = (value: string): Either.Either<string, StoreUrlError> =>
  /^[A-Za-z0-9-]{1,64}$/.test(value)
    ? Either.right(value)
    : refuse("That is not the name of a region", "region", "a region is named like us-west-2")

const parseBoolean = (value: string): Either.Either<boolean, StoreUrlError> =>
  value === "true" || value === "false"
    ? Either.right(value === "true")
    : refuse("path_style is neither true nor false", "path_style", "write path_style=true or path_style=false")

const parseEndpointParameter = (value: string): Either.Either<string, StoreUrlError> => {
  const endpoint = parseEndpoint(value)
  return endpoint === undefined
    ? refuse(
        "That is not the address of a service",
        "endpoint",
        "write host, host:port or https://host:port; keys go into access_key and secret_key"
      )
    : Either.right(endpoint)
}

const parseFolder = (path: string, base: PathBase): Either.Either<StoreLocation, StoreUrlError> => {
  if (path === "") return refuse("The folder's path is missing", "after folder:", FORM)
  if (path.includes("?")) {
    return refuse(
      "A folder takes no parameters",
      'after the "?"',
      'leave them out; a "?" in a path is written file:///…%3F…'
    )
  }
  if (path.startsWith("//")) return refuse("A folder is on no host", "after folder:", "write folder:/path")
  if (path === "~" || path.startsWith("~/"))
    return Either.right(folderLocation(withoutFinalSlash(join(base.home, path.slice(1)))))
  if (path.startsWith("~")) {
    return refuse("Another user's home is not looked up", "after folder:", "write the whole path")
  }
  return Either.right(folderLocation(withoutFinalSlash(resolve(base.workingDirectory, path))))
}

const parseFile = (url: string): Either.Either<StoreLocation, StoreUrlError> =>
  Either.gen(function* () {
    const [, host, raw] = /^file:\/\/([^/]*)(\/.*)$/i.exec(url) ?? []
    if (raw === undefined || (host !== "" && host?.toLowerCase() !== "localhost")) {
      return yield* refuse("A file URL needs a whole path and no host", "after file:", "write file:///path")
    }
    if (/[?#]/.test(raw)) return yield* refuse("A folder takes no parameters", 'after the "?"', "leave them out")
    const path = yield* decode(raw, "the path")
    if (CONTROL.test(path) || !isAbsolute(path)) {
      return yield* refuse("The path holds control characters", "after file:", "name another folder")
    }
    return folderLocation(withoutFinalSlash(resolve("/", path)))
  })

const withoutFinalSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path)

const decode = (text: string, where: string): Either.Either<string, StoreUrlError> =>
  Either.try({
    try: () => decodeURIComponent(text),
    catch: () => new StoreUrlError({ what: 'A "%" begins no character', where, next: 'write "%" itself as "%25"' })
  }).pipe(
    Either.filterOrLeft(
      (value) => !CONTROL.test(value),
      () => new StoreUrlError({ what: "There are control characters in the URL", where, next: "leave them out" })
    )
  )

const parameter = (name: Parameter, value: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(value, { onNone: () => [], onSome: (text) => [`${name}=${encode(text)}`] })

/** What needs no escape in our own parser and reads better without. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2F", "/")

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/")

const needsEncoding = (path: string): boolean => path.includes("?") || path.startsWith("//") || path.trim() !== path

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
