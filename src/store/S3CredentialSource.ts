/** Where the credentials came from that the SDK's chain found: its own notes ("$source"), in the words of those who set them up. */

/** As much of the SDK's credentials as is looked at. */
interface Identity {
  readonly accessKeyId: string
  readonly $source?: Readonly<Record<string, unknown>>
}

/** Never a secret, and of the access key only enough to tell it from another. */
export const describeIdentity = (identity: Identity, profile: string): string =>
  `${sourceOf(identity, profile)}, access key ${shortened(identity.accessKeyId)}`

/** "AKIA…WXYZ"; of short ones, which self-hosted services have, only the beginning. */
export const shortened = (accessKey: string): string =>
  accessKey.length >= 16 ? `${accessKey.slice(0, 4)}…${accessKey.slice(-4)}` : `${accessKey.slice(0, 4)}…`

const sourceOf = ({ $source = {} }: Identity, profile: string): string =>
  SOURCES.find(([feature]) => Object.hasOwn($source, feature))?.[1](profile) ?? "the AWS configuration"

/** The more special ones first: a process that a profile names bears both marks. */
const SOURCES: ReadonlyArray<readonly [feature: string, words: (profile: string) => string]> = [
  ["CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN", () => "web identity (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE)"],
  ["CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN", (profile) => `web identity of profile ${profile}`],
  ["CREDENTIALS_PROFILE_SOURCE_PROFILE", (profile) => `the role of profile ${profile}`],
  ["CREDENTIALS_PROFILE_NAMED_PROVIDER", (profile) => `the role of profile ${profile}`],
  ["CREDENTIALS_PROFILE_PROCESS", (profile) => `credential_process of profile ${profile}`],
  ["CREDENTIALS_PROCESS", (profile) => `credential_process of profile ${profile}`],
  ["CREDENTIALS_PROFILE_SSO", (profile) => `single sign-on of profile ${profile}`],
  ["CREDENTIALS_PROFILE_SSO_LEGACY", (profile) => `single sign-on of profile ${profile}`],
  ["CREDENTIALS_SSO", (profile) => `single sign-on of profile ${profile}`],
  ["CREDENTIALS_SSO_LEGACY", (profile) => `single sign-on of profile ${profile}`],
  ["CREDENTIALS_PROFILE_LOGIN", (profile) => `the login of profile ${profile}`],
  ["CREDENTIALS_LOGIN", (profile) => `the login of profile ${profile}`],
  ["CREDENTIALS_PROFILE", (profile) => `profile ${profile}`],
  ["CREDENTIALS_ENV_VARS", () => "the environment (AWS_ACCESS_KEY_ID)"],
  ["CREDENTIALS_HTTP", () => "the container's role"],
  ["CREDENTIALS_IMDS", () => "the instance's role"]
]
