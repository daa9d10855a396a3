/**
 * One place turns everything that can go wrong into words and exit codes: what happened, to what, what to do next.
 *
 * A new error is one row: its class goes into `Reportable`, its words into the table of its tag, and the compiler misses neither. The first
 * words of the messages and the codes are promises to users (README, "Exit codes").
 */

import type * as ValidationError from "@effect/cli/ValidationError"
import { Cause, Chunk, Option } from "effect"
import type { DbError } from "../db/DbError.ts"
import type { EnvelopeError } from "../format/Envelope.ts"
import type { ManifestError } from "../format/Manifest.ts"
import type { SegmentError } from "../format/Segment.ts"
import type { StoreUrlError } from "../store/StoreUrl.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import type { LockError } from "../platform/FileLock.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import type { BackupDamaged } from "../history/BackupDamaged.ts"
import type { UserFileError } from "../platform/UserFile.ts"
import type { EntryIdError } from "../history/Show.ts"
import type { SettingError } from "../platform/Settings.ts"
import { VAULT_DESCRIPTOR } from "../sync/ObjectNames.ts"
import type { SegmentMismatch } from "../sync/SegmentFetch.ts"
import { dollarsText, hoursText, summariseArchived } from "../sync/Archived.ts"
import type * as Sync from "../sync/SyncError.ts"
import type { Diagnosed } from "./Diagnosed.ts"
import { DATABASE, ENTRY_ID, LOCK, PRIVATE_FILE, USER_FILE } from "./DeviceWords.ts"
import type { ExitCode } from "./ExitCodes.ts"
import { plainText } from "./HelpDocText.ts"
import { printable } from "./Printable.ts"
import { withoutSecrets } from "./Secrets.ts"
import { STORE } from "./StoreWords.ts"
import { ENVELOPE, MANIFEST, OBJECT, SEGMENT, SYNC } from "./SyncWords.ts"
import { bytesText, counted } from "./Units.ts"
import type { UsageError } from "./UsageError.ts"
import { REPORT, type Words } from "./Words.ts"

export interface Report {
  /** What happened. */
  readonly what: string
  /** To what: a bucket, key, path, option, variable. Never a secret. */
  readonly subject: string
  /** What to do next. */
  readonly hint: string
  readonly code: ExitCode
}

export type Reportable =
  | UsageError
  | Diagnosed
  | StoreError
  | StoreUrlError
  | DbError
  | SettingError
  | ConfigFileError
  | PrivateFileError
  | UserFileError
  | BackupDamaged
  | EntryIdError
  | LockError
  | EnvelopeError
  | ManifestError
  | SegmentError
  | SegmentMismatch
  | Sync.NoStore
  | Sync.KeyNeeded
  | Sync.WrongVaultKey
  | Sync.VaultKeyRotated
  | Sync.VaultMismatch
  | Sync.WeakPassphrase
  | Sync.SequenceConflict
  | Sync.ManifestCorrupt
  | Sync.SwapUnsettled
  | Sync.DeviceRetired
  | Sync.DeviceUnknown
  | Sync.RetireIncomplete
  | Sync.RetiredEachOther
  | Sync.PartlyDone
  | Sync.NotProved

type Rows = { readonly [Tag in Reportable["_tag"]]: (error: Extract<Reportable, { readonly _tag: Tag }>) => Report }

const row = (code: ExitCode, what: string, subject: string, hint: string): Report => ({
  what,
  subject,
  hint: hint.charAt(0).toUpperCase() + hint.slice(1),
  code
})

const MANIFEST_CURE =
  'Nothing local is lost. "hx sync reset", then "hx sync init" and "hx sync pull" start afresh; "hx sync push --force" publishes again.'

/** Neither starting afresh nor publishing makes this one again. */
const VAULT_CURE =
  'Nothing local is lost. Bring vault.json back from another version or a backup of it; where it is gone, "hx sync init" on a device that has the vault\'s key makes it again.'

const worded = ([code, what, hint]: Words, subject: string): Report => row(code, what, subject, hint)

const ROWS: Rows = {
  UsageError: (e) => row(2, e.what, e.subject, e.hint),
  Diagnosed: (e) => e.report,
  StoreError: (e) => {
    const [code, what, hint] = STORE[e.reason]
    return row(code, what, detailed(`${e.subject}, on ${e.operation}`, e.detail), hintFor(e) ?? hint)
  },
  DbError: (e) => worded(DATABASE[e.reason], detailed(e.path, e.detail)),
  StoreUrlError: (e) => row(2, e.what, e.where, e.next),
  SettingError: (e) =>
    row(2, "A setting has a value that it cannot have", `${e.setting}: ${e.value}`, `It should be ${e.form}.`),
  ConfigFileError: (e) => row(2, "The configuration file cannot be used", detailed(e.path, e.problem), e.remedy),
  PrivateFileError: (e) => {
    const [code, what] = PRIVATE_FILE[e.reason]
    return row(code, what, e.path, e.remedy)
  },
  BackupDamaged: (e) =>
    worded(
      e.read === 0
        ? [5, "Object corruption detected", "Nothing of this backup could be read; use another one."]
        : [8, "Completed with problems", "What could be read was imported; compare with another backup."],
      detailed(e.path, e.detail)
    ),
  UserFileError: (e) => worded(USER_FILE[e.reason], e.path),
  EntryIdError: (e) => {
    const [what, hint] = ENTRY_ID[e.reason]
    const ids = e.candidates.map((entry) => entry.id.slice(0, e.given.length + 6)).join(", ")
    return row(2, what, detailed(e.given, ids), hint)
  },
  LockError: (e) => worded(LOCK[e.reason], e.path),
  EnvelopeError: (e) => worded(ENVELOPE[e.reason], `${e.context.kind} of device ${e.context.device}: ${e.detail}`),
  ManifestError: (e) => worded(MANIFEST[e.reason], `manifest of device ${e.device}: ${e.detail}`),
  SegmentError: (e) => worded(SEGMENT[e.reason], e.detail),
  SegmentMismatch: (e) => worded(OBJECT, e.detail),
  NoStore: () =>
    row(...SYNC.NoStore, "this device", 'Choose one: hx sync init --store "s3://bucket/prefix?region=us-west-2"'),
  KeyNeeded: (e) =>
    row(
      ...SYNC.KeyNeeded,
      e.store,
      e.passphraseSet
        ? 'Take the recovery key from "hx sync key" on a device that has it, then: hx sync init --key-file FILE; or --passphrase-file FILE'
        : 'Take the recovery key from "hx sync key" on a device that has it, then: hx sync init --key-file FILE (or HX_SYNC_KEY)'
    ),
  WrongVaultKey: (e) =>
    row(
      ...SYNC.WrongVaultKey,
      detailed(e.source, e.detail),
      'Compare with "hx sync key" on a device that is in the vault.'
    ),
  VaultKeyRotated: (e) =>
    row(
      SYNC.VaultKeyRotated[0],
      `${SYNC.VaultKeyRotated[1]} on ${e.at.slice(0, 10)}`,
      `${e.store}, key number ${e.epoch}`,
      'Take the new recovery key from "hx sync key" on the device that rotated it, then here: hx sync init --key-file FILE'
    ),
  WeakPassphrase: (e) =>
    row(
      ...SYNC.WeakPassphrase,
      detailed(e.source, e.detail),
      "Take several words that have nothing to do with each other: whoever gets hold of vault.json can try as often as they like."
    ),
  VaultMismatch: (e) => row(...SYNC.VaultMismatch, detailed(e.store, e.detail), e.hint),
  SequenceConflict: (e) =>
    row(
      ...SYNC.SequenceConflict,
      `${e.store}: published ${e.ours}, found ${e.theirs ?? "nothing"}`,
      'Read everything again with "hx sync pull --force", or publish this device again with "hx sync push --force".'
    ),
  ManifestCorrupt: (e) =>
    e.newer === true
      ? worded(MANIFEST.NewerFormat, detailed(`${e.store}: ${e.name}`, e.detail))
      : row(
          ...SYNC.ManifestCorrupt,
          detailed(`${e.store}: ${e.name}`, e.detail),
          e.name === VAULT_DESCRIPTOR ? VAULT_CURE : MANIFEST_CURE
        ),
  SwapUnsettled: (e) =>
    row(
      ...SYNC.SwapUnsettled,
      `${e.store}: lost the swap ${e.rounds} times`,
      "Another process keeps publishing as this device. Wait for it and try again."
    ),
  DeviceRetired: (e) =>
    row(
      ...SYNC.DeviceRetired,
      `by ${e.by}, which has taken over what this device had published`,
      "Nothing local is lost. To come back under a new id, with all its history: hx sync init, then hx sync"
    ),
  DeviceUnknown: (e) => deviceUnknown(e),
  RetireIncomplete: (e) =>
    row(
      ...SYNC.RetireIncomplete,
      `${e.device}: ${e.lost.map(({ detail, name, operations }) => `${name}${operations === null ? "" : ` (${counted(operations, "entry", "entries")})`}: ${detail}`).join("; ")}`,
      'Another device may have it: run the same command there, or "hx sync verify". To retire it and lose this: --accept-loss'
    ),
  RetiredEachOther: (e) =>
    row(
      ...SYNC.RetiredEachOther,
      `${e.device}, and this device; nothing of it was deleted`,
      'Run "hx sync" on both: the one that is told to be retired joins again with "hx sync init".'
    ),
  PartlyDone: (e) => {
    const subject = `${e.store}: ${problemsText(e.problems)}`
    return e.problems.every((problem) => problem.kind === "archived")
      ? archivedReport(e.store, e.problems)
      : row(...SYNC.PartlyDone, subject, e.problems.some(isOlder) ? TAKE_AS_IS : TRIED_AGAIN)
  },
  NotProved: (e) => notProved(e)
}

const deviceUnknown = ({ given, known, reason }: Sync.DeviceUnknown): Report => {
  const [code, what] = SYNC.DeviceUnknown
  switch (reason) {
    case "Self":
      return row(
        code,
        "This device cannot retire itself",
        given,
        'Run it on another device; or leave the vault: "hx sync reset" forgets the store here.'
      )
    case "Several":
      return row(code, "More than one device is called so", `${given}: ${known.join(", ")}`, "Write its id.")
    case "None":
      return row(
        code,
        what,
        known.length === 0 ? given : `${given}; known are ${known.join(", ")}`,
        '"hx sync devices" shows their names and ids.'
      )
  }
}

/** Codes and first words of every message that has a row in a table; for `hx help exit-codes`. */
export const WORDS: ReadonlyArray<readonly [code: ExitCode, what: string, ...rest: ReadonlyArray<string>]> = [
  ...[STORE, DATABASE, PRIVATE_FILE, USER_FILE, LOCK, ENVELOPE, MANIFEST, SEGMENT, SYNC].flatMap((table) =>
    Object.values<readonly [code: ExitCode, what: string, ...rest: ReadonlyArray<string>]>(table)
  ),
  ...Object.values(ENTRY_ID).map(([what]) => [2, what] as const)
]

/** What is better advice than that of the reason alone. */
const hintFor = (error: StoreError): string | undefined => {
  if (error.reason === "AccessDenied" && error.permission !== undefined) {
    return `Allow ${error.permission.action} in the user's or the bucket's policy, or correct the bucket's name in the store URL.`
  }
  if (OF_A_PROXY.test(error.subject) && (error.reason === "Refused" || error.reason === "Unreachable")) {
    return "Check the proxy that the variable names, or unset it; NO_PROXY lists the hosts that need none."
  }
  if (error.reason === "Archived" && error.operation === "restore") return "Run the same command again then."
  return error.reason === "WrongRegion" && error.region !== undefined
    ? `Say so in the store URL: ?region=${error.region}`
    : undefined
}

/** As the store names a proxy: by its variable. */
const OF_A_PROXY = /HTTPS?_PROXY/i

const TRIED_AGAIN =
  'Everything else was applied; the next pull tries these again. "hx sync verify" tells what is missing, and who can repair it.'
const TAKE_AS_IS =
  "Everything else was applied. If the store was set back on purpose, take it as it is: hx sync pull --force"

const archivedReport = (store: string, problems: ReadonlyArray<Sync.Problem>): Report => {
  const [code, what, hint] = STORE.Archived
  const summary = summariseArchived(problems)
  if (summary === null) return row(code, what, store, hint)
  const { asked, bytes, devices, dollars, hours, objects } = summary
  const subject = `${store}: ${counted(objects, "object")} (${bytesText(bytes)}) of ${devices.join(", ")}`
  return asked > 0
    ? row(
        code,
        what,
        `${subject}, ${asked === objects ? "asked for" : `${asked} asked for`}`,
        `Everything else was applied. Pull again ${hoursText(hours)} after they were asked for.`
      )
    : row(
        code,
        what,
        subject,
        `Everything else was applied. Ask for them with "hx sync pull --restore" (${hoursText(hours)}, ${dollarsText(dollars)}), then pull again.`
      )
}

const notProved = ({ findings, repaired, store }: Sync.NotProved): Report => {
  const named = findings.map(
    ({ detail, device, label, name }) => `${name}${device === null ? "" : ` of ${label}`}: ${detail}`
  )
  const told = [
    ...named.slice(0, MOST_PROBLEMS),
    ...(named.length > MOST_PROBLEMS ? [`and ${named.length - MOST_PROBLEMS} more`] : [])
  ]
  const subject = `${store}: ${told.join("; ")}`
  const vault = findings.find(({ kind }) => kind === "vault")
  if (vault !== undefined) {
    const remedy =
      vault.remedy === "init" ? "Run" : "Bring vault.json back from an older version of it, or delete it and run"
    return row(
      SYNC.ManifestCorrupt[0],
      SYNC.ManifestCorrupt[1],
      subject,
      `${remedy} "hx sync init" on this device, which has the vault's key.`
    )
  }
  if (findings.every(({ kind }) => kind === "archived")) return worded(STORE.Archived, subject)
  if (!repaired && findings.some(({ remedy }) => remedy === "repair")) {
    return row(...SYNC.NotProved, subject, "Make good what this device can: hx sync verify --repair")
  }
  const others = [...new Set(findings.flatMap(({ label, remedy }) => (remedy === "there" ? [label] : [])))]
  const hint =
    others.length > 0
      ? `On ${others.join(", ")}: hx sync verify --repair`
      : "What can be done about each is told above."
  return row(...SYNC.NotProved, subject, hint)
}

/** The store shows less of a device than somebody has seen. */
const isOlder = ({ kind }: Sync.Problem): boolean => kind === "rollback" || kind === "missing"

/** Enough to see what it is about; the pull has told the rest. */
const MOST_PROBLEMS = 3

const problemsText = (problems: ReadonlyArray<Sync.Problem>): string => {
  const told = problems.slice(0, MOST_PROBLEMS).map(({ detail, device, name }) => `${name} of ${device}: ${detail}`)
  const rest = problems.length - told.length
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ")
}

/** What to tell for a command that ended with this cause. */
export const reportOf = (cause: Cause.Cause<Reportable | ValidationError.ValidationError>): Report => {
  const failure = Chunk.head(Cause.failures(cause))
  if (Option.isSome(failure)) return ofFailure(failure.value)
  const defect = Chunk.head(Cause.defects(cause))
  if (Option.isSome(defect) && !isQuit(defect.value)) return unforeseen(defect.value)
  return row(
    130,
    "Interrupted",
    "what was finished is kept, and nothing is half done",
    "Run the command again to go on."
  )
}

/** The three lines. Names and messages of foreign origin may be in them, so control characters are made visible. */
export const reportText = (report: Report): string =>
  [report.what, `  ${report.subject}`, `  ${report.hint}`]
    .map((line) => `${printable(withoutSecrets(line))}\n`)
    .join("")

const ofFailure = (error: Reportable | ValidationError.ValidationError): Report => {
  if (isReportable(error)) return (ROWS[error._tag] as (error: Reportable) => Report)(error)
  const missing = error._tag === "MissingValue" || error._tag === "MissingFlag"
  const what = missing ? "An option is missing" : "A value that an option cannot have"
  if (!("error" in error)) return unforeseen(error)
  const text = plainText(error.error)
  const [, argument] = MISSING_ARGUMENT.exec(text) ?? []
  return argument === undefined
    ? row(2, what, text, "Add --help to the command to see its options.")
    : row(2, "Missing argument", argument, "Add --help to the command to see what it takes.")
}

/** How @effect/cli says that an argument which may be repeated is not there; the others are looked at before. */
const MISSING_ARGUMENT = /^Missing argument <(\S+)>\s*$/

const isReportable = (error: { readonly _tag: string }): error is Reportable => Object.hasOwn(ROWS, error._tag)

/** Ctrl-C at a question. */
const isQuit = (defect: unknown): boolean =>
  typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "QuitException"

const unforeseen = (defect: unknown): Report => {
  const [line = ""] = String(defect instanceof Error && defect.message !== "" ? defect.message : defect).split("\n")
  return row(1, "Internal error", line, REPORT)
}

const detailed = (subject: string, detail: string | undefined): string =>
  detail === undefined || detail === "" ? subject : `${subject}: ${detail}`
