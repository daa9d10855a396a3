/** The histories that the demo plays with. */

import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { basename, join } from "node:path"
import { detectOwnFiles } from "../../src/history/DetectOwnFiles.ts"
import { generateHistory } from "../generator/History.ts"
import { toZshExtended } from "../generator/HistoryText.ts"

const SEED = 1
const COUNT = 20_000
/** June 2025, in µs. */
const FROM = 1_750_000_000_000_000

/** A history file of 20,000 commands, always the same ones. */
export const writeGenerated = (directory: string): ReadonlyArray<string> => {
  const file = join(directory, "zsh_history")
  const lines = [...generateHistory({ seed: SEED, count: COUNT, from: FROM })].map(toZshExtended)
  writeFileSync(file, lines.join(""))
  return [file]
}

/** Copies of the user's own history files. */
export const copyOwn = (directory: string): ReadonlyArray<string> => {
  const found = detectOwnFiles({
    home: homedir(),
    env: (name) => process.env[name],
    exists: (path) => existsSync(path) && statSync(path).isFile(),
    list: (path) => (existsSync(path) ? readdirSync(path) : [])
  })
  return found.map((path, index) => {
    const copy = join(directory, `${index + 1}-${basename(path).replace(/^\./, "")}`)
    copyFileSync(path, copy)
    return copy
  })
}

/** A zsh history file with these commands, a minute apart. */
export const writeCommands = (file: string, since: number, commands: ReadonlyArray<string>): string => {
  writeFileSync(file, commands.map((command, index) => `: ${since + 60 * index}:0;${command}\n`).join(""))
  return file
}
