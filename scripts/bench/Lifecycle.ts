/** The main job at one size: import a history, publish it, fetch it on an empty device; each against something simpler that ran beside it. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { type Cost, type Device, hx, makeDevice, shell, worker } from "./Program.ts"
import { HOST, type Workload } from "./Workload.ts"
import { judged, megabytes, median, ratioRow, type Row } from "./Sample.ts"

interface Round {
  readonly bare: Cost
  readonly imported: Cost
  readonly push: Cost
  readonly copy: Cost
  readonly pull: Cost
  /** Bytes of all objects in the store. */
  readonly stored: number
}

export interface Lifecycle {
  readonly rows: ReadonlyArray<Row>
  /** A device with the whole history. */
  readonly device: Device
}

export const measureLifecycle = async (directory: string, workload: Workload, rounds: number): Promise<Lifecycle> => {
  const done: Array<Round> = []
  const at = (round: number) => join(directory, `${workload.count}-${round}`)
  for (let round = 0; round < rounds; round++) {
    if (round > 0) rmSync(at(round - 1), { recursive: true })
    done.push(await oneRound(at(round), workload))
  }
  const plain = await xzSize(workload.zsh)
  return { rows: rowsOf(workload.count, done, plain), device: makeDevice(join(at(rounds - 1), "first")) }
}

const oneRound = async (directory: string, workload: Workload): Promise<Round> => {
  const [first, second] = [makeDevice(join(directory, "first")), makeDevice(join(directory, "second"))]
  const store = join(directory, "store")
  mkdirSync(store)
  const database = join(directory, "bare.db")
  const bare = await worker<Cost>("BareImport", workload.zsh, database)
  rmSync(database)
  const imported = await hx(first, "import", "--file", workload.zsh, "--host", HOST)
  const founded = await hx(first, "sync", "init", "--store", `folder:${store}`, "--json")
  const push = await hx(first, "sync", "push")
  const copy = await shell(compressAndCopy(workload.jsonLines, directory))
  const keyFile = join(first.data, "keys", (JSON.parse(founded.stdout) as { readonly vaultId: string }).vaultId)
  await hx(second, "sync", "init", "--store", `folder:${store}`, "--key-file", keyFile)
  const pull = await hx(second, "sync", "pull", "--json")
  const { added } = JSON.parse(pull.stdout) as { readonly added: number }
  // What arrives is what was sent, or the figures mean nothing.
  if (added !== workload.count) throw new Error(`The pulled history has ${added} entries, not ${workload.count}.`)
  return { bare, imported, push, copy, pull, stored: bytesUnder(store) }
}

const compressAndCopy = (file: string, directory: string): string => {
  const [packed, copied] = [join(directory, "lines.gz"), join(directory, "copied.gz")]
  return `sha256sum < '${file}' > '${packed}.sum'; gzip -6 -c '${file}' > '${packed}'; cp '${packed}' '${copied}'`
}

const rowsOf = (size: number, rounds: ReadonlyArray<Round>, xz: number | null): ReadonlyArray<Row> => {
  const stored = median(rounds.map((round) => round.stored))
  return [
    ratioRow(
      { measure: "import of a zsh history", size },
      2,
      rounds.map(({ bare, imported }) => [imported, bare]),
      ["hx import", "the same rows by better-sqlite3 alone"]
    ),
    ratioRow(
      { measure: "push to a folder", size },
      1,
      rounds.map(({ copy, push }) => [push, copy]),
      ["hx sync push", "sha256sum, gzip -6 and cp of the same as JSON lines"]
    ),
    ratioRow(
      { measure: "pull into an empty device", size },
      1.3,
      rounds.map(({ imported, pull }) => [pull, imported]),
      ["hx sync pull", "hx import"]
    ),
    {
      measure: "bytes in the store",
      size,
      goal: "≤ 1 × xz -6",
      measured: xz === null ? megabytes(stored) : `${(stored / xz).toFixed(2)} ×`,
      met: xz === null ? null : stored <= xz,
      detail: `${megabytes(stored)}${xz === null ? "; no xz here" : `, xz -6 of the history file ${megabytes(xz)}`}; ${(stored / size).toFixed(2)} bytes an entry`
    },
    memoryRow("import", size, null, rounds, (round) => round.imported),
    memoryRow("push", size, 300, rounds, (round) => round.push),
    memoryRow("pull", size, 300, rounds, (round) => round.pull)
  ]
}

const memoryRow = (
  what: string,
  size: number,
  goal: number | null,
  rounds: ReadonlyArray<Round>,
  of: (round: Round) => Cost
): Row => {
  const memory = median(rounds.map((round) => of(round).memory))
  return {
    measure: `memory: ${what}`,
    size,
    goal: goal === null ? "–" : `≤ ${goal} MB`,
    measured: `${(memory / 1_000_000).toFixed(0)} MB`,
    met: goal === null || !judged(size) ? null : memory <= goal * 1_000_000,
    detail: "resident at the peak, Node.js itself included"
  }
}

/** Null where there is no xz. */
const xzSize = async (file: string): Promise<number | null> => {
  const packed = `${file}.xz`
  if (!existsSync(packed)) {
    try {
      await shell(`xz -6 -k -c '${file}' > '${packed}'`)
    } catch {
      return null
    }
  }
  return statSync(packed).size
}

export const bytesUnder = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .reduce((sum, each) => sum + readFileSync(join(each.parentPath, each.name)).length, 0)
