/** What exit codes mean. Promises to users: the README and `hx help exit-codes` say the same. */

export const EXIT_CODES = [
  [0, "done"],
  [1, "a bug in hx, or anything unforeseen"],
  [2, "usage: a command, option, value, variable or URL that cannot be"],
  [3, "credentials, permission, or the vault's key"],
  [4, "conflict"],
  [5, "corrupt or tampered with"],
  [6, "network, time-out, no such host or bucket, no space"],
  [7, "archived objects need restoring first"],
  [8, "partly done: what was good is applied, what was not is named"],
  [130, "interrupted; nothing is half done"]
] as const

export type ExitCode = (typeof EXIT_CODES)[number][0]

export const meaningOf = (code: ExitCode): string => EXIT_CODES.find(([known]) => known === code)?.[1] ?? ""
