/**
 * What an import is measured against: the same rows into the same tables and indexes by better-sqlite3 alone, in one transaction, with every row
 * ready in memory and nothing else to be done. Words: the history file, the database to make.
 */

import Database from "better-sqlite3"
import { readFileSync } from "node:fs"
import type { DeviceId } from "../../../src/domain/Device.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import { hashOf } from "../../../src/db/Dictionary.ts"
import { KIND, migrations } from "../../../src/db/Schema.ts"
import { makeImporter } from "../../../src/history/importers/Importer.ts"
import { HOST } from "../Workload.ts"

const [history = "", file = ""] = process.argv.slice(2)

const readRows = (): ReadonlyArray<Entry & { readonly bytes: Buffer }> => {
  const importer = makeImporter({ format: "zsh", device: "0".repeat(32) as DeviceId, host: HOST, user: "ada" })
  const entries = [...importer.push(readFileSync(history)).entries, ...importer.end().entries]
  return entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.id, "hex") }))
}

const rows = readRows()
const [began, { user, system }] = [performance.now(), process.cpuUsage()]

const db = new Database(file)
for (const pragma of ["synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY", "cache_size = -65536"]) {
  db.pragma(pragma)
}
db.pragma("journal_mode = WAL")
for (const statement of migrations.flat()) db.exec(statement)

const addTerm = db.prepare("INSERT INTO terms (id, hash, text) VALUES (?, ?, ?)")
const addCommand = db.prepare("INSERT INTO commands (id, hash, text) VALUES (?, ?, ?)")
const addTrigrams = db.prepare("INSERT INTO commands_fts (rowid, text) VALUES (?, ?)")
const addEntry = db.prepare(
  `INSERT INTO entries (seq, id, start, duration, exit, command, cwd, session, host, user, shell, origin, device, ordinal)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)
const addOperation = db.prepare("INSERT INTO operations (number, kind, entry) VALUES (?, ?, ?)")

const terms = new Map<string, number>()
const term = (text: string | null): number | null => {
  if (text === null) return null
  const known = terms.get(text)
  if (known !== undefined) return known
  terms.set(text, terms.size + 1)
  addTerm.run(terms.size, hashOf(text), text)
  return terms.size
}

const commands = new Map<string, number>()
const command = (text: string): number => {
  const known = commands.get(text)
  if (known !== undefined) return known
  commands.set(text, commands.size + 1)
  addCommand.run(commands.size, hashOf(text), text)
  addTrigrams.run(commands.size, text)
  return commands.size
}

db.transaction(() => {
  term("live")
  rows.forEach((row, index) => {
    addEntry.run(
      index + 1,
      row.bytes,
      row.start,
      row.duration,
      row.exit,
      command(row.command),
      term(row.cwd),
      term(row.session),
      term(row.host),
      term(row.user),
      term(row.shell),
      term(row.origin),
      term(row.device),
      row.ordinal
    )
    addOperation.run(index + 1, KIND.add, index + 1)
  })
})()
db.close()

const used = process.cpuUsage({ user, system })
console.log(JSON.stringify({ wall: performance.now() - began, cpu: (used.user + used.system) / 1000, memory: 0 }))
