/** What is told when this device itself is the trouble: its database, its files, its locks. A row for each reason. */

import type { DbErrorReason } from "../db/DbError.ts"
import type { EntryIdError } from "../history/Show.ts"
import type { LockError } from "../platform/FileLock.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import type { UserFileError } from "../platform/UserFile.ts"
import type { ExitCode } from "./ExitCodes.ts"
import type { Words } from "./Words.ts"

export const DATABASE: Readonly<Record<DbErrorReason, Words>> = {
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
  Exposed: [
    3,
    "Access Denied: others can change the history database",
    "Run hx as its owner, make it yours (chown), or remove what is no file of hx; or set HX_DATA_DIR."
  ],
  NoPlace: [
    2,
    "The data directory cannot be made",
    "Set HX_DATA_DIR to a directory that is there, or that can be made."
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
  Failing: [
    6,
    "The disk of the history database fails",
    "Check the disk and its quota (dmesg, quota), then run the command again; nothing was half done."
  ],
  Failed: [1, "Internal error in the history database", "Please report this with the output of --log-level debug."]
}

export const PRIVATE_FILE: Readonly<Record<PrivateFileError["reason"], readonly [code: ExitCode, what: string]>> = {
  Denied: [3, "Access Denied: a private file"],
  ReadOnly: [3, "Access Denied: a private file cannot be written"],
  Exposed: [3, "Access Denied: others can change a private file"],
  NoSpace: [6, "No space left for a private file"],
  TooLarge: [2, "Not a file of hx: it is too large"],
  Failing: [6, "The disk of a private file fails"],
  Failed: [1, "Internal error with a private file"]
}

export const USER_FILE: Readonly<Record<UserFileError["reason"], Words>> = {
  Absent: [2, "No such file", "Check the name; a path begins where you are."],
  NoDirectory: [2, "No such directory", "Make it first (mkdir -p), or name a file elsewhere."],
  Denied: [3, "Access Denied: a file", "Check who may read and write it, and its directory."],
  NotAFile: [2, "Not a file", "Name a file; - is standard input or output."],
  NoSpace: [6, "No space left", "Make room on the disk, or name a file elsewhere."],
  Failing: [6, "The disk fails", "Check the disk (dmesg), or name a file elsewhere."],
  Failed: [1, "Internal error with a file", "Please report this with the output of --log-level debug."]
}

export const ENTRY_ID: Readonly<Record<EntryIdError["reason"], readonly [what: string, hint: string]>> = {
  Malformed: ["Not an id", "Ids are what hx find shows first on each line."],
  Absent: ["No entry has an id that begins so", "Ids are what hx find shows first on each line."],
  Ambiguous: ["More than one entry has an id that begins so", "Write more of it."]
}

export const LOCK: Readonly<Record<LockError["reason"], Words>> = {
  Busy: [4, "Another hx is at work on this device", "Wait until it is done and try again."],
  Denied: [3, "Access Denied: the lock cannot be taken", "Make the data directory writable, or set HX_DATA_DIR."],
  NoSpace: [6, "No space left for the lock", "Make room on the disk and run the command again; nothing was half done."],
  Failing: [
    6,
    "The disk of the lock fails",
    "Check the disk (dmesg), then run the command again; nothing was half done."
  ],
  Unsupported: [
    2,
    "The disk of the data directory cannot lock files",
    "Set HX_DATA_DIR to a directory on a local disk."
  ]
}
