/**
 * Every time a command ran, as columns of numbers: thirty bytes each, so that a million of them are filtered and counted within milliseconds. Texts
 * (directories, sessions, hosts) are numbers of the database's dictionary; 0 is none.
 */

import type { RunRow } from "../../db/SearchSource.ts"

/** Which runs count. */
export interface RunFilter {
  /** Of this column one of these numbers; null: all runs. */
  readonly among: { readonly column: "cwd" | "session" | "host"; readonly numbers: ReadonlySet<number> } | null
  readonly ended: Ended
}

export type Ended = "any" | "succeeded" | "failed"

export const ALL_RUNS: RunFilter = { among: null, ended: "any" }

export class Runs {
  size = 0
  private commands = new Uint32Array(FIRST_ROOM)
  private cwds = new Uint32Array(FIRST_ROOM)
  private sessions = new Uint32Array(FIRST_ROOM)
  private hosts = new Uint32Array(FIRST_ROOM)
  private exits = new Uint8Array(FIRST_ROOM)
  private starts = new Float64Array(FIRST_ROOM)
  private seqs = new Float64Array(FIRST_ROOM)

  /** `command` is the command's number in CommandTexts, not the database's. */
  add(row: RunRow, command: number): void {
    if (this.size === this.commands.length) this.grow()
    const at = this.size++
    const exit = row[5]
    this.commands[at] = command
    this.cwds[at] = row[2] ?? 0
    this.sessions[at] = row[3] ?? 0
    this.hosts[at] = row[4] ?? 0
    this.exits[at] = exit === null ? UNKNOWN : exit === 0 ? SUCCEEDED : FAILED
    this.starts[at] = row[6] ?? UNDATED
    this.seqs[at] = row[0]
  }

  seqOf(run: number): number {
    return this.seqs[run]!
  }

  /** Null where nothing says when. */
  startOf(run: number): number | null {
    const start = this.starts[run]!
    return start === UNDATED ? null : start
  }

  failed(run: number): boolean {
    return this.exits[run] === FAILED
  }

  /** Counts those of the runs from `from` on that pass, for each command. */
  count(filter: RunFilter, from: number, into: Folded): void {
    const column = filter.among === null ? null : this.column(filter.among.column)
    const allowed = filter.among === null ? null : toTable(filter.among.numbers)
    const exit = filter.ended === "any" ? 0 : filter.ended === "succeeded" ? SUCCEEDED : FAILED
    for (let run = from; run < this.size; run++) {
      if (exit !== 0 && this.exits[run] !== exit) continue
      if (column !== null && allowed![column[run]!] !== 1) continue
      const command = this.commands[run]!
      into.counts[command]!++
      const last = into.last[command]!
      if (last === -1 || this.isNewer(run, last)) into.last[command] = run
    }
  }

  /** Marks the commands that ran in this directory, from run `from` on. */
  markIn(cwd: number, from: number, marks: Uint8Array): void {
    if (cwd === 0) return
    for (let run = from; run < this.size; run++) if (this.cwds[run] === cwd) marks[this.commands[run]!] = 1
  }

  isNewer(run: number, other: number): boolean {
    const [a, b] = [this.starts[run]!, this.starts[other]!]
    return a > b || (a === b && this.seqs[run]! > this.seqs[other]!)
  }

  private column(name: "cwd" | "session" | "host"): Uint32Array {
    return name === "cwd" ? this.cwds : name === "session" ? this.sessions : this.hosts
  }

  private grow(): void {
    const room = this.size * 2
    this.commands = longer(this.commands, new Uint32Array(room))
    this.cwds = longer(this.cwds, new Uint32Array(room))
    this.sessions = longer(this.sessions, new Uint32Array(room))
    this.hosts = longer(this.hosts, new Uint32Array(room))
    this.exits = longer(this.exits, new Uint8Array(room))
    this.starts = longer(this.starts, new Float64Array(room))
    this.seqs = longer(this.seqs, new Float64Array(room))
  }
}

/** What runs come to, by command. */
export interface Folded {
  counts: Uint32Array
  /** The newest of them; -1 where there is none. */
  last: Int32Array
}

const FIRST_ROOM = 1 << 13
const UNKNOWN = 0
const SUCCEEDED = 1
const FAILED = 2
/** Older than all that have a time. */
const UNDATED = -1

const longer = <A extends Uint8Array | Uint32Array | Float64Array>(old: A, room: A): A => {
  room.set(old)
  return room
}

/** By number, 1 for those in the set: quicker to ask a million times than the set is. */
const toTable = (numbers: ReadonlySet<number>): Uint8Array => {
  let most = 0
  for (const number of numbers) most = Math.max(most, number)
  const table = new Uint8Array(most + 1)
  for (const number of numbers) table[number] = 1
  return table
}
