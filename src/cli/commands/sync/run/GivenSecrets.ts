/**
 * The key and the passphrase that the user gave: an option beats the settings, a file beats a variable. They are never arguments, which other
 * users of the machine could read and which end up in the very history that hx keeps.
 */

import { Effect, Option, Redacted } from "effect"
import { open } from "node:fs/promises"
import { join, resolve } from "node:path"
import { errno } from "../../../../platform/Errno.ts"
import { Paths } from "../../../../platform/Paths.ts"
import type { Setting } from "../../../../platform/Setting.ts"
import { Settings } from "../../../../platform/Settings.ts"
import * as SyncSettings from "../../../../platform/SyncSettings.ts"
import type { GivenSecrets, SecretText } from "../../../../sync/JoinKey.ts"
import { isPlainlyPath } from "../../../Secrets.ts"
import { UsageError } from "../../../UsageError.ts"
import { INPUT, wholeInput } from "../../../WholeInput.ts"

export interface SecretOptions {
  readonly keyFile: Option.Option<string>
  readonly passphraseFile: Option.Option<string>
}

export const givenSecrets = Effect.fn("GivenSecrets.read")(function* (options: SecretOptions) {
  if (Option.contains(options.keyFile, INPUT) && Option.contains(options.passphraseFile, INPUT)) {
    return yield* new UsageError({
      what: "Standard input can be read once only",
      subject: "--key-file - --passphrase-file -",
      hint: "Give one of them as a file."
    })
  }
  const key = yield* find("--key-file", options.keyFile, SyncSettings.KeyFile, SyncSettings.Key)
  return { key, passphrase: yield* givenPassphrase(options.passphraseFile) } satisfies GivenSecrets
})

export const givenPassphrase = Effect.fn("GivenSecrets.passphrase")(function* (option: Option.Option<string>) {
  const passphrase = yield* find("--passphrase-file", option, SyncSettings.PassphraseFile, SyncSettings.Passphrase)
  return yield* Effect.transposeMapOption(passphrase, toPassphrase)
})

/** No key or passphrase comes near this, in bytes; devices and pipes can be endless, so no more is read. */
const MAX_BYTES = 16 * 1024

const find = Effect.fnUntraced(function* (
  name: string,
  option: Option.Option<string>,
  file: Setting<Option.Option<string>>,
  text: Setting<Option.Option<Redacted.Redacted>>
) {
  if (Option.isSome(option)) return Option.some(yield* readSecret(name, option.value))
  const settings = yield* Settings
  const { configFile } = yield* Paths
  const { source, value } = yield* settings.resolve(file)
  const where = source === "file" ? `${file.key} in ${configFile}` : file.variable
  if (Option.isSome(value)) return Option.some(yield* readSecret(where, value.value))
  return Option.map(yield* settings.get(text), (given): SecretText => ({ source: text.variable, text: given }))
})

/** `name` is where the path was given. */
const readSecret = Effect.fnUntraced(function* (name: string, path: string) {
  if (/^hx1[0-9a-z]{40,}$/i.test(path)) {
    return yield* new UsageError({
      what: "That is a recovery key, not a file that holds one",
      subject: name,
      hint: "Write it to a file that only you can read, or give it in HX_SYNC_KEY. Your shell's history holds it now: remove it there."
    })
  }
  const source = path === INPUT ? "standard input" : path
  const bytes = path === INPUT ? yield* readInput : yield* readFileOf(name, path)
  if (bytes.length > MAX_BYTES)
    return yield* unreadable(`${name}, ${source}`, "it is too large to hold a key or a passphrase")
  return { source, text: Redacted.make(Buffer.from(bytes).toString("utf8")) } satisfies SecretText as SecretText
})

const readInput = Effect.mapError(wholeInput(MAX_BYTES), ({ cause }) => unreadable("standard input", reasonOf(cause)))

const readFileOf = Effect.fnUntraced(function* (name: string, path: string) {
  const { home, workingDirectory } = yield* Paths
  const whole = path.startsWith("~/") ? join(home, path.slice(2)) : resolve(workingDirectory, path)
  return yield* Effect.tryPromise({
    try: () => readBounded(whole),
    catch: (cause) => (isNoFile(cause) ? noFile(name, path) : unreadable(`${name}, ${path}`, reasonOf(cause)))
  })
})

const readBounded = async (path: string): Promise<Uint8Array> => {
  const handle = await open(path)
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1)
    let length = 0
    for (let read = 1; read > 0 && length < bytes.length; length += read) {
      read = (await handle.read(bytes, length, bytes.length - length)).bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    await handle.close()
  }
}

const isNoFile = (cause: unknown): boolean => ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errno(cause) ?? "")

/** What was given may be the secret itself, and is repeated only where it can be nothing but a path. */
const noFile = (name: string, path: string) =>
  new UsageError({
    what: "The file cannot be read",
    subject: `${isPlainlyPath(path) ? `${name}, ${path}` : name}: there is no such file`,
    hint: "Give the path of a file that holds it. If you gave a key or a passphrase itself, your shell's history holds it now: remove it there."
  })

/** What ends the last line is no part of a passphrase. */
const toPassphrase = (given: SecretText): Effect.Effect<SecretText, UsageError> => {
  const text = Redacted.value(given.text).replace(/\r?\n$/, "")
  return text === ""
    ? Effect.fail(
        new UsageError({ what: "The passphrase is empty", subject: given.source, hint: "Give a longer one." })
      )
    : Effect.succeed({ ...given, text: Redacted.make(text) })
}

const unreadable = (path: string, why: string) =>
  new UsageError({
    what: "The file cannot be read",
    subject: `${path}: ${why}`,
    hint: "Give the path of a file you can read."
  })

const reasonOf = (cause: unknown): string => {
  switch (errno(cause)) {
    case "EACCES":
      return "you may not read it"
    case "EISDIR":
      return "it is a directory"
    default:
      return errno(cause) ?? String(cause)
  }
}
