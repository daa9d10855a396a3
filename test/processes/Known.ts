/**
 * What a data directory knows, read without hx: from a copy, so that nothing is mended by looking, and straight from the tables.
 */

import Database from "better-sqlite3"
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Known {
  /** What SQLite's integrity check says; "ok" for a sound file, "none" where there is none yet. */
  readonly integrity: string
  /** Commands of all entries. */
  readonly commands: ReadonlySet<string>
  /** Of all that entries say, in the order of their ids. */
  readonly digest: string
  /** This device's id. */
  readonly device: string
}

const NOTHING = { commands: new Set<string>(), digest: createHash("sha256").digest("hex"), device: "" }

export const readKnown = (data: string): Known => {
  if (!existsSync(join(data, "history.db"))) return { integrity: "none", ...NOTHING }
  const copy = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "hx-known-"))
  try {
    for (const ending of ["", "-wal", "-journal"]) {
      const file = `history.db${ending}`
      if (existsSync(join(data, file))) cpSync(join(data, file), join(copy, file))
    }
    return look(join(copy, "history.db"))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const look = (file: string): Known => {
  const database = new Database(file)
  try {
    const integrity = String(database.pragma("integrity_check", { simple: true }))
    // One that was cut off while it was made, before its first transaction.
    const empty = database.pragma("user_version", { simple: true }) === 0
    if (empty || integrity !== "ok") return { integrity, ...NOTHING }
    const rows = database.prepare<[], ReadonlyArray<unknown>>(ENTRIES).raw().all()
    const hash = createHash("sha256")
    for (const row of rows) hash.update(`${row.map(String).join("\u0000")}\n`)
    const device = database.prepare<[], string>("SELECT value FROM meta WHERE key = 'device'").pluck().get()
    return {
      integrity,
      commands: new Set(rows.map((row) => String(row[1]))),
      digest: hash.digest("hex"),
      device: device ?? ""
    }
  } finally {
    database.close()
  }
}

const ENTRIES = `
  SELECT hex(e.id), c.text, e.start, e.duration, e.exit, w.text, s.text, h.text, u.text, k.text, o.text
  FROM entries e
  JOIN commands c ON c.id = e.command
  LEFT JOIN terms w ON w.id = e.cwd
  LEFT JOIN terms s ON s.id = e.session
  LEFT JOIN terms h ON h.id = e.host
  LEFT JOIN terms u ON u.id = e.user
  LEFT JOIN terms k ON k.id = e.shell
  LEFT JOIN terms o ON o.id = e.origin
  ORDER BY e.id`
