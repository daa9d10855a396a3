/**
 * What the AWS configuration file says of the way to S3: `endpoint_url`, of the profile or of its `services` section, and `s3.addressing_style`. The
 * SDK would read the first by itself, but tell nobody, and only for the profile of AWS_PROFILE. Form: docs.aws.amazon.com, "Shared config and
 * credentials files".
 *
 *     [profile hx]
 *     endpoint_url = http://localhost:9000
 *     s3 =
 *       addressing_style = path
 */

import { Effect, Option } from "effect"
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { firstVariable, variable } from "../platform/Variables.ts"

export interface AwsProfile {
  readonly name: string
  /** As written. */
  readonly endpoint: Option.Option<string>
  readonly pathStyle: Option.Option<boolean>
}

/** A file that is not there or cannot be read says nothing; whoever needs credentials from it will say so. */
export const awsProfile = Effect.fn("AwsProfile.read")(function* (named: Option.Option<string>) {
  const chosen = Option.isSome(named) ? named : yield* firstVariable(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
  const home = Option.getOrElse(yield* variable("HOME"), homedir)
  const path = Option.getOrElse(yield* variable("AWS_CONFIG_FILE"), () => join(home, ".aws", "config"))
  const text = yield* Effect.promise(() => readFile(path, "utf8").catch(() => ""))
  return profileIn(
    text,
    Option.getOrElse(chosen, () => "default")
  )
})

export const profileIn = (text: string, name: string): AwsProfile => {
  const sections = sectionsOf(text)
  const own = sections.get(name === "default" && sections.has(name) ? name : `profile ${name}`)
  const services = sections.get(`services ${own?.get("services") ?? ""}`)
  const style = own?.get("s3.addressing_style")
  const ignored = own?.get("ignore_configured_endpoint_urls") === "true"
  const endpoint = ignored ? undefined : (services?.get("s3.endpoint_url") ?? own?.get("endpoint_url"))
  return {
    name,
    endpoint: Option.fromNullable(endpoint),
    pathStyle: style === "path" || style === "virtual" ? Option.some(style === "path") : Option.none()
  }
}

/** Settings by section; those that are indented below another are "outer.inner". */
const sectionsOf = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  let outer = ""
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\[\s*(.*?)\s*\]/.exec(line) ?? []
    if (name !== undefined) {
      section = new Map()
      sections.set(name.replace(/\s+/, " ").replaceAll(/["']/g, ""), section)
    }
    const [, indent = "", key = "", value = ""] = /^(\s*)([^#;[\s][^=]*?)\s*=\s*(.*?)\s*(?:\s[#;].*)?$/.exec(line) ?? []
    if (key === "") continue
    if (indent === "") outer = key
    if (value !== "") section.set(indent === "" ? key : `${outer}.${key}`, value)
  }
  return sections
}
