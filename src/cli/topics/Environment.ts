/** Every variable that hx reads. Those of sync come from the table of settings, with its forms and defaults. */

import { CAPTURE } from "../../platform/CaptureSettings.ts"
import { SEARCH } from "../../platform/SearchSettings.ts"
import { ALL } from "../../platform/SyncSettings.ts"
import type { VariableGroup } from "../CommandTree.ts"
import type { Topic } from "./Topic.ts"

export interface Variable {
  readonly name: string
  readonly meaning: string
}

/** What settings are for; their form and default come from their own table. */
const PURPOSES: Readonly<Record<string, string>> = {
  HX_SYNC_STORE: "the store to use where --store is not given",
  HX_SYNC_TIMEOUT:
    "a request fails that makes no progress for this long, or lasts four times as long and a second for each 4 KiB; in folders only the latter",
  HX_SYNC_CONNECT_TIMEOUT: "how long a connection may take; buckets only",
  HX_SYNC_MAX_RETRIES: "how often a request is tried again after a failure that may pass",
  HX_SYNC_RETRY_DELAY: "the first wait before trying again; it doubles each time",
  HX_SYNC_MAX_RETRY_DELAY: "the longest wait before trying again",
  HX_SYNC_CONCURRENT_UPLOADS: "how many objects go up at once, one part of each",
  HX_SYNC_CONCURRENT_DOWNLOADS: "how many objects come down at once",
  HX_SYNC_COMPRESSION: "whether objects are compressed",
  HX_SYNC_SEGMENT_SIZE: "how large an object of history becomes at most",
  HX_SYNC_PART_SIZE: "objects larger than this go up in parts of this size; buckets only",
  HX_SYNC_INTERVAL: "how often the shell hook may sync in the background",
  HX_SYNC_KEY_FILE: "the file that holds the recovery key",
  HX_SYNC_PASSPHRASE_FILE: "the file that holds the passphrase",
  HX_SYNC_KEY: "the recovery key itself",
  HX_SYNC_PASSPHRASE: "the passphrase itself",
  HX_SYNC_PRICE_STORAGE: "what a GB kept for a month costs, in dollars",
  HX_SYNC_PRICE_PUT: "what 1,000 requests that write or list cost",
  HX_SYNC_PRICE_GET: "what 1,000 requests that read cost",
  HX_SYNC_PRICE_EGRESS: "what a GB fetched costs, beyond the first 100 GB a month",
  HX_CAPTURE_IGNORE: "commands that are not recorded",
  HX_CAPTURE_IGNORE_DIRECTORIES: "directories in which nothing is recorded",
  HX_SEARCH_HEIGHT: "how much of the terminal a search draws on",
  HX_SEARCH_SCOPE: "where a search looks first",
  HX_SEARCH_ENTER: "whether Enter puts a command on the shell's line or runs it at once",
  HX_SEARCH_KEYMAP: "whose keys a search has",
  HX_SEARCH_KEYS: "keys of your own for it"
}

const settingRow = (setting: (typeof ALL)[number]): Variable => {
  const fallback = setting.show(setting.fallback)
  const rest = [setting.form, fallback === "–" ? "no default" : `default ${fallback}`]
  const key = setting.key === undefined ? [] : [`${setting.key} in config.yaml`]
  const purpose = PURPOSES[setting.variable]
  return {
    name: setting.variable,
    meaning: `${purpose === undefined ? "" : `${purpose}: `}${[...rest, ...key].join("; ")}`
  }
}

const GROUPS: Readonly<Record<VariableGroup, { readonly title: string; readonly variables: ReadonlyArray<Variable> }>> =
  {
    places: {
      title: "Where things are",
      variables: [
        { name: "HX_DATA_DIR", meaning: "history, keys, what sync knows; default $XDG_DATA_HOME/hx" },
        { name: "HX_CONFIG_DIR", meaning: "config.yaml; default $XDG_CONFIG_HOME/hx" },
        { name: "XDG_DATA_HOME", meaning: "an absolute path; default ~/.local/share" },
        { name: "XDG_CONFIG_HOME", meaning: "an absolute path; default ~/.config" },
        { name: "HOME", meaning: "your home directory" }
      ]
    },
    terminal: {
      title: "The terminal",
      variables: [
        { name: "NO_COLOR", meaning: "anything: no colours" },
        { name: "TERM", meaning: "dumb: no colours, and no search on it" }
      ]
    },
    shells: {
      title: "Shells: where they keep their history, for hx import, and what is recorded of them",
      variables: [
        { name: "HISTFILE", meaning: "the history file of this shell, where it is exported" },
        { name: "ZDOTDIR", meaning: "where zsh has its files; default the home directory" },
        { name: "XDG_STATE_HOME", meaning: "an absolute path; default ~/.local/state" },
        { name: "XDG_CACHE_HOME", meaning: "an absolute path; default ~/.cache" },
        ...CAPTURE.map(settingRow)
      ]
    },
    search: {
      title: "Search",
      variables: [
        ...SEARCH.map(settingRow),
        { name: "HX_QUERY", meaning: "with --hook: what is on the shell's line" },
        { name: "HX_SESSION", meaning: "the session of the shell that calls; its hook says so" },
        { name: "PWD", meaning: "what the shell calls its directory" },
        { name: "LC_ALL, LC_CTYPE, LANG", meaning: "the first that is set: without UTF-8 in it, only ASCII is drawn" }
      ]
    },
    sync: {
      title: "Sync",
      variables: ALL.filter((setting) => ![...CAPTURE, ...SEARCH].includes(setting)).map(settingRow)
    },
    aws: {
      title: "S3, as for the AWS command line",
      variables: [
        { name: "AWS_ACCESS_KEY_ID", meaning: "who asks; goes with AWS_SECRET_ACCESS_KEY" },
        { name: "AWS_SECRET_ACCESS_KEY", meaning: "the secret that goes with it" },
        { name: "AWS_SESSION_TOKEN", meaning: "goes with temporary credentials" },
        { name: "AWS_PROFILE", meaning: "the profile to take credentials and region from; default default" },
        { name: "AWS_DEFAULT_PROFILE", meaning: "the same, where AWS_PROFILE is not set" },
        { name: "AWS_CONFIG_FILE", meaning: "a path; default ~/.aws/config" },
        { name: "AWS_SHARED_CREDENTIALS_FILE", meaning: "a path; default ~/.aws/credentials" },
        { name: "AWS_REGION", meaning: "the bucket's region; default what the profile or the bucket says" },
        { name: "AWS_DEFAULT_REGION", meaning: "the same, where AWS_REGION is not set" },
        { name: "AWS_ROLE_ARN", meaning: "web identity: the role to take" },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", meaning: "web identity: the file that holds the token" },
        { name: "AWS_ROLE_SESSION_NAME", meaning: "web identity: a name for the session" },
        { name: "AWS_ENDPOINT_URL_S3", meaning: "the server, as endpoint= in the store URL; default Amazon's" },
        { name: "AWS_ENDPOINT_URL", meaning: "the same, for every service" },
        { name: "AWS_ENDPOINT_URL_STS", meaning: "the server that gives temporary credentials; default Amazon's" },
        { name: "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", meaning: "true: the three before are not looked at" },
        {
          name: "AWS_USE_FIPS_ENDPOINT",
          meaning: "true: Amazon's endpoints that keep to FIPS; not with an endpoint of your own"
        },
        { name: "AWS_USE_DUALSTACK_ENDPOINT", meaning: "true: Amazon's endpoints that speak IPv6 too; likewise" },
        {
          name: "AWS_EC2_METADATA_DISABLED",
          meaning:
            "true or false: whether not to ask the metadata service of the machine; default false on Amazon's machines, else true"
        },
        { name: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", meaning: "set in Amazon's containers" },
        { name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", meaning: "set in Amazon's containers" },
        { name: "AWS_CONTAINER_AUTHORIZATION_TOKEN", meaning: "set in Amazon's containers" }
      ]
    },
    network: {
      title: "The network; names of proxies may be in lower case too",
      variables: [
        { name: "HTTPS_PROXY", meaning: "the proxy for https, a URL; default none" },
        { name: "HTTP_PROXY", meaning: "the proxy for http, a URL; default none" },
        { name: "NO_PROXY", meaning: "hosts and domains that need none, with commas between them; * is all" },
        { name: "AWS_CA_BUNDLE", meaning: "a file of certificates (PEM) to trust beside the usual ones" },
        { name: "NODE_EXTRA_CA_CERTS", meaning: "the same, for every program that runs on Node.js" }
      ]
    }
  }

const ORDER: ReadonlyArray<VariableGroup> = ["places", "search", "sync", "aws", "network", "shells", "terminal"]

/** The names of each of these groups, in the order of the page. */
export const namesOf = (groups: ReadonlyArray<VariableGroup>): ReadonlyArray<ReadonlyArray<string>> =>
  ORDER.filter((group) => groups.includes(group)).map((group) => GROUPS[group].variables.map(({ name }) => name))

export const environment: Topic = {
  title: "Environment variables",
  blocks: [
    "An option beats a variable, a variable beats config.yaml, and that beats the default. An empty variable is an unset one. A value that cannot be is an error that names the variable and the form it should have.",
    ...ORDER.flatMap((group) => [
      { heading: GROUPS[group].title },
      { rows: GROUPS[group].variables.map(({ meaning, name }) => [name, meaning] as const) }
    ])
  ]
}
