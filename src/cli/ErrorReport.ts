/**
 * One place turns everything that can go wrong into words and exit codes: what happened, to what, what to do next.
 *
 * A new error is one row: its class goes into `Reportable`, its words into the table of its tag, and the compiler misses neither. The first
 * words of the messages and the codes are promises to users (README, "Exit codes").
 */

import type * as ValidationError from "@effect/cli/ValidationError"
import { Cause, Chunk, Option } from "effect"
import type { DbError, DbErrorReason } from "../db/DbError.ts"
import type { EnvelopeError } from "../format/Envelope.ts"
import type { ManifestError } from "../format/Manifest.ts"
import type { SegmentError } from "../format/Segment.ts"
import type { StoreUrlError } from "../store/StoreUrl.ts"
import type { StoreError, StoreErrorReason } from "../store/StoreError.ts"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import type { LockError } from "../platform/FileLock.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import type { BackupDamaged } from "../history/BackupDamaged.ts"
import type { UserFileError } from "../platform/UserFile.ts"
import type { EntryIdError } from "../history/Show.ts"
import type { SettingError } from "../platform/Settings.ts"
import type { SegmentMismatch } from "../sync/SegmentFetch.ts"
import type * as Sync from "../sync/SyncError.ts"
import type { ExitCode } from "./ExitCodes.ts"
import { plainText } from "./Help.ts"
import { printable } from "./Printable.ts"
import { withoutSecrets } from "./Secrets.ts"
import type { UsageError } from "./UsageError.ts"

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
  | Sync.SequenceConflict
  | Sync.ManifestCorrupt
  | Sync.SwapUnsettled
  | Sync.DeviceRetired
  | Sync.PartlyDone

type Rows = { readonly [Tag in Reportable["_tag"]]: (error: Extract<Reportable, { readonly _tag: Tag }>) => Report }

const row = (code: ExitCode, what: string, subject: string, hint: string): Report => ({
  what,
  subject,
  hint: hint.charAt(0).toUpperCase() + hint.slice(1),
  code
})

const ROWS: Rows = {
  UsageError: (e) => row(2, e.what, e.subject, e.hint),
  StoreError: (e) => {
    const [code, what, hint] = STORE[e.reason]
    return row(code, what, detailed(`${e.subject}, on ${e.operation}`, e.detail), hint)
  },
  DbError: (e) => {
    const [code, what, hint] = DATABASE[e.reason]
    return row(code, what, detailed(e.path, e.detail), hint)
  },
  StoreUrlError: (e) => row(2, e.what, e.where, e.next),
  SettingError: (e) =>
    row(2, "A setting has a value that it cannot have", `${e.setting}: ${e.value}`, `It should be ${e.form}.`),
  ConfigFileError: (e) => row(2, "The configuration file cannot be used", detailed(e.path, e.problem), e.remedy),
  PrivateFileError: (e) => {
    const [code, what] = PRIVATE_FILE[e.reason]
    return row(code, what, e.path, e.remedy)
  },
  BackupDamaged: (e) =>
    e.read === 0
      ? row(
          5,
          "Object corruption detected",
          detailed(e.path, e.detail),
          "Nothing of this backup could be read; use another one."
        )
      : row(
          8,
          "Completed with problems",
          detailed(e.path, e.detail),
          "What could be read was imported; compare with another backup."
        ),
  UserFileError: (e) => {
    const [code, what, hint] = USER_FILE[e.reason]
    return row(code, what, e.path, hint)
  },
  EntryIdError: (e) => {
    const [what, hint] = ENTRY_ID[e.reason]
    const ids = e.candidates.map((entry) => entry.id.slice(0, e.given.length + 6)).join(", ")
    return row(2, what, detailed(e.given, ids), hint)
  },
  LockError: (e) => {
    const [code, what, hint] = LOCK[e.reason]
    return row(code, what, e.path, hint)
  },
  EnvelopeError: (e) => {
    const subject = `${e.context.kind} of device ${e.context.device}: ${e.detail}`
    if (e.reason === "NewerFormat") return newer(subject)
    if (e.reason === "WrongKey" || e.reason === "UnknownEpoch") return row(3, "Wrong vault key", subject, REJOIN)
    return row(5, "Object corruption detected", subject, RESTORE)
  },
  ManifestError: (e) => {
    const subject = `manifest of device ${e.device}: ${e.detail}`
    return e.reason === "NewerFormat" ? newer(subject) : row(5, "Manifest corruption detected", subject, RESTORE)
  },
  SegmentError: (e) => {
    if (e.reason === "NewerFormat") return newer(e.detail)
    if (e.reason === "Unwritable") return row(1, "Internal error", e.detail, REPORT)
    return row(5, "Object corruption detected", e.detail, RESTORE)
  },
  SegmentMismatch: (e) => row(5, "Object corruption detected", e.detail, RESTORE),
  NoStore: () =>
    row(
      2,
      "No store to sync with",
      "this device",
      'Choose one: hx sync init --store "s3://bucket/prefix?region=us-west-2"'
    ),
  KeyNeeded: (e) =>
    row(
      3,
      "The vault is encrypted and its key is needed",
      e.store,
      e.passphraseSet
        ? 'Take the recovery key from "hx sync key" on a device that has it, then: hx sync init --key-file FILE; or --passphrase-file FILE'
        : 'Take the recovery key from "hx sync key" on a device that has it, then: hx sync init --key-file FILE (or HX_SYNC_KEY)'
    ),
  WrongVaultKey: (e) =>
    row(
      3,
      "Wrong vault key",
      detailed(e.source, e.detail),
      'Compare with "hx sync key" on a device that is in the vault.'
    ),
  VaultKeyRotated: (e) =>
    row(
      3,
      "The vault's key was rotated",
      `${e.store}, key number ${e.epoch}`,
      'Take the new recovery key from "hx sync key" on the device that rotated it, then: hx sync init --key-file FILE'
    ),
  VaultMismatch: (e) => row(2, "The vault in the store does not fit", detailed(e.store, e.detail), e.hint),
  SequenceConflict: (e) =>
    row(
      4,
      "Sequence number conflict",
      `${e.store}: published ${e.ours}, found ${e.theirs ?? "nothing"}`,
      'Read everything again with "hx sync pull --force", or publish this device again with "hx sync push --force".'
    ),
  ManifestCorrupt: (e) =>
    row(
      5,
      "Manifest corruption detected",
      detailed(`${e.store}: ${e.name}`, e.detail),
      'Nothing local is lost. "hx sync reset", then "hx sync init" and "hx sync pull" start afresh; "hx sync push --force" publishes again.'
    ),
  SwapUnsettled: (e) =>
    row(
      4,
      "Sequence number conflict",
      `${e.store}: lost the swap ${e.rounds} times`,
      "Another process keeps publishing as this device. Wait for it and try again."
    ),
  DeviceRetired: (e) =>
    row(
      3,
      "This device was retired",
      `by ${e.by}`,
      'To come back under a new id: "hx sync reset", then "hx sync init".'
    ),
  PartlyDone: (e) => {
    const subject = `${e.store}: ${problemsText(e.problems)}`
    return e.problems.every((problem) => problem.kind === "archived")
      ? row(7, STORE.Archived[1], subject, STORE.Archived[2])
      : row(8, "Completed with problems", subject, e.problems.some(isOlder) ? TAKE_AS_IS : TRIED_AGAIN)
  }
}

const newer = (subject: string): Report =>
  row(2, "The store holds what a newer hx wrote", subject, "Install that version of hx, or a later one.")

const REJOIN = 'Take the recovery key from "hx sync key" on a device that works, then: hx sync init --key-file FILE'
const RESTORE = "Run the command again; if it stays so, bring the object back from a backup or an older version of it."
const REPORT = "This is a bug in hx. Please report it with the output of --log-level debug."

const TRIED_AGAIN = "Everything else was applied; the next pull tries these again."
const TAKE_AS_IS =
  "Everything else was applied. If the store was set back on purpose, take it as it is: hx sync pull --force"

/** The store shows less of a device than somebody has seen. */
const isOlder = ({ kind }: Sync.Problem): boolean => kind === "rollback" || kind === "missing"

/** Enough to see what it is about; the pull has told the rest. */
const MOST_PROBLEMS = 3

const problemsText = (problems: ReadonlyArray<Sync.Problem>): string => {
  const told = problems.slice(0, MOST_PROBLEMS).map(({ detail, device, name }) => `${name} of ${device}: ${detail}`)
  const rest = problems.length - told.length
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ")
}

type Words = readonly [code: ExitCode, what: string, hint: string]

const STORE: Readonly<Record<StoreErrorReason, Words>> = {
  NoCredentials: [
    3,
    "Unable to locate credentials",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give them in the store URL."
  ],
  AccessDenied: [
    3,
    "Access Denied",
    "Check the credentials and what their policy allows on the bucket (list, get, put, delete); of a folder, its permissions."
  ],
  CredentialsExpired: [
    3,
    "Access Denied: the credentials have expired",
    "Renew them (aws sso login, a new session token) and try again."
  ],
  ClockSkewed: [
    3,
    "Access Denied: the clock of this machine is wrong",
    "Set the clock (timedatectl set-ntp true) and try again."
  ],
  WrongRegion: [2, "Wrong region", "Give the bucket's region in the store URL: ?region=…"],
  NoSuchBucket: [6, "No such bucket", "Create it, or correct its name or endpoint in the store URL."],
  Absent: [
    5,
    "Object corruption detected: an object is missing",
    'Try again; if it stays so, bring the object back from a backup, or publish again with "hx sync push --force" where it came from.'
  ],
  AlreadyExists: [
    4,
    "Sequence number conflict: the object exists already",
    "Try again: another process has just written it."
  ],
  SwapLost: [4, "Sequence number conflict: the object has changed", "Try again: another process has just written it."],
  Unsupported: [2, "The store cannot do this", "Use another store, or a newer version of its server."],
  Archived: [
    7,
    "Archived in GLACIER",
    "Restore them (aws s3api restore-object, or the console), then pull again some hours later."
  ],
  Throttled: [
    6,
    "Throttled",
    "The store asks for fewer requests. Try again later, or lower HX_SYNC_CONCURRENT_UPLOADS and HX_SYNC_CONCURRENT_DOWNLOADS."
  ],
  ServerFailure: [6, "The store failed", "Try again later; nothing here is lost."],
  ConnectionLost: [6, "Connection lost", "Check the network and try again; nothing here is lost."],
  TimedOut: [6, "Timed out", "Check the network, or allow more time with HX_SYNC_TIMEOUT, for example 60s."],
  Refused: [6, "Connection refused", "Check that the server runs and that the endpoint in the store URL is right."],
  Unreachable: [6, "No such host, or no way to it", "Check the network and the endpoint in the store URL."],
  Tls: [
    6,
    "TLS failed",
    "Check the endpoint's certificate; for a private authority set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS."
  ],
  NotAStore: [
    6,
    "This is not a store",
    "Check the endpoint, or the folder's path; a network's login page answers like this too."
  ],
  TooLarge: [
    5,
    "Object corruption detected: larger than it can be",
    "Nothing of it was used. Bring the object back from a backup or an older version of it."
  ],
  NoSpace: [6, "No space left", "Make room where the store is, and run the command again."],
  Misconfigured: [
    2,
    "The store cannot be used as configured",
    "Correct the store URL, the variable or the path that is named."
  ]
}

const DATABASE: Readonly<Record<DbErrorReason, Words>> = {
  Damaged: [
    5,
    "Object corruption detected: the history database is damaged",
    'Move the file away, then "hx import" a backup or "hx sync pull"; sqlite3 FILE .recover may save the rest.'
  ],
  Newer: [2, "The history database was written by a newer hx", "Install that version of hx, or a later one."],
  ReadOnly: [
    3,
    "Access Denied: the history database cannot be written",
    "Make the file and its directory writable, or set HX_DATA_DIR."
  ],
  Unreadable: [
    3,
    "Access Denied: the history database cannot be opened",
    "Make the file and its directory readable, or set HX_DATA_DIR."
  ],
  Busy: [
    4,
    "The history database is in use",
    "Another hx has held it for too long. Wait until it is done and try again."
  ],
  Full: [
    6,
    "No space left for the history database",
    "Make room on the disk and run the command again; nothing was half done."
  ],
  Failed: [1, "Internal error in the history database", "Please report this with the output of --log-level debug."]
}

const PRIVATE_FILE: Readonly<Record<PrivateFileError["reason"], readonly [code: ExitCode, what: string]>> = {
  Denied: [3, "Access Denied: a private file"],
  ReadOnly: [3, "Access Denied: a private file cannot be written"],
  Exposed: [3, "Access Denied: others can change a private file"],
  NoSpace: [6, "No space left for a private file"],
  TooLarge: [2, "Not a file of hx: it is too large"],
  Failed: [1, "Internal error with a private file"]
}

const USER_FILE: Readonly<Record<UserFileError["reason"], Words>> = {
  Absent: [2, "No such file", "Check the name; a path begins where you are."],
  Denied: [3, "Access Denied: a file", "Check who may read and write it, and its directory."],
  NotAFile: [2, "Not a file", "Name a file; - is standard input or output."],
  NoSpace: [6, "No space left", "Make room on the disk, or name a file elsewhere."],
  Failed: [1, "Internal error with a file", "Please report this with the output of --log-level debug."]
}

const ENTRY_ID: Readonly<Record<EntryIdError["reason"], readonly [what: string, hint: string]>> = {
  Malformed: ["Not an id", "Ids are what hx find shows first on each line."],
  Absent: ["No entry has an id that begins so", "Ids are what hx find shows first on each line."],
  Ambiguous: ["More than one entry has an id that begins so", "Write more of it."]
}

const LOCK: Readonly<Record<LockError["reason"], Words>> = {
  Busy: [4, "Another hx is at work on this device", "Wait until it is done and try again."],
  Denied: [3, "Access Denied: the lock cannot be taken", "Make the data directory writable, or set HX_DATA_DIR."],
  Unsupported: [
    2,
    "The disk of the data directory cannot lock files",
    "Set HX_DATA_DIR to a directory on a local disk."
  ]
}

/** What to tell for a command that ended with this cause. */
export const reportOf = (cause: Cause.Cause<Reportable | ValidationError.ValidationError>): Report => {
  const failure = Chunk.head(Cause.failures(cause))
  if (Option.isSome(failure)) return ofFailure(failure.value)
  const defect = Chunk.head(Cause.defects(cause))
  if (Option.isSome(defect) && !isQuit(defect.value)) return unforeseen(defect.value)
  return row(130, "Interrupted", "nothing is half done", "Run the command again to go on.")
}

/** The three lines. Names and messages of foreign origin may be in them, so control characters are made visible. */
export const reportText = (report: Report): string =>
  [report.what, `  ${report.subject}`, `  ${report.hint}`]
    .map((line) => `${printable(withoutSecrets(line))}\n`)
    .join("")

const ofFailure = (error: Reportable | ValidationError.ValidationError): Report => {
  if (isReportable(error)) return (ROWS[error._tag] as (error: Reportable) => Report)(error)
  const missing = error._tag === "MissingValue" || error._tag === "MissingFlag"
  const what = missing ? "An option is missing" : "This command line cannot be understood"
  return "error" in error
    ? row(2, what, plainText(error.error), "Add --help to the command to see its options.")
    : unforeseen(error)
}

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
