/** From the bytes of a history file to entries: a parser for its format, and what the file itself does not say. */

import type { DeviceId } from "../../domain/Device.ts"
import type { Entry } from "../../domain/Entry.ts"
import { parseBash } from "./Bash.ts"
import { parseFish } from "./Fish.ts"
import type { ImportedEntry } from "./EntryFields.ts"
import type { HistoryParser, ImportFormat, Parsed, Problem, ShellCommand } from "./HistoryParser.ts"
import { parseJsonExport } from "./JsonExport.ts"
import { parseJsonLines } from "./JsonLines.ts"
import { makeOrdinals } from "./Ordinals.ts"
import { parseZsh } from "./Zsh.ts"

export interface ImportSource {
  readonly format: ImportFormat
  /** The device that imports, and so counts as the one that captured the entries. */
  readonly device: DeviceId
  /** Where the commands ran; hx's own formats say that themselves. */
  readonly host: string | null
  readonly user: string | null
}

export interface Importer {
  readonly push: (chunk: Uint8Array) => ImportedBatch
  readonly end: () => ImportedBatch
}

/** What one piece of the file gave, in the order of the file. */
export interface ImportedBatch {
  readonly entries: ReadonlyArray<Entry>
  readonly problems: ReadonlyArray<Problem>
}

/**
 * One importer reads one source. Its memory is bounded by the piece at hand, and ids depend on nothing but the bytes before: reading the
 * same file again, or the file grown, gives the same entries.
 */
export const makeImporter = (source: ImportSource): Importer => {
  const parser = makeParser(source.format)
  const identify = makeOrdinals()
  const shell = SHELLS[source.format]
  const origin = `import:${source.format}`

  const toEntry = (parsed: Exclude<Parsed, Problem>): Entry =>
    parsed.kind === "entry" ? fromOwnFormat(parsed) : fromShell(parsed)

  const fromShell = (parsed: ShellCommand): Entry => {
    const { id, ordinal } = identify(parsed.start, parsed.command)
    return {
      id,
      start: parsed.start,
      duration: parsed.duration,
      exit: null,
      command: parsed.command,
      cwd: null,
      session: null,
      host: source.host,
      user: source.user,
      shell,
      origin,
      device: source.device,
      ordinal
    }
  }

  const fromOwnFormat = (parsed: ImportedEntry): Entry => {
    const { id, ordinal } =
      parsed.id === null ? identify(parsed.start, parsed.command) : { id: parsed.id, ordinal: parsed.ordinal }
    return {
      id,
      start: parsed.start,
      duration: parsed.duration,
      exit: parsed.exit,
      command: parsed.command,
      cwd: parsed.cwd,
      session: parsed.session,
      host: parsed.host,
      user: parsed.user,
      shell: parsed.shell,
      origin: parsed.origin,
      device: source.device,
      ordinal
    }
  }

  const toBatch = (parsed: ReadonlyArray<Parsed>): ImportedBatch => {
    const entries: Array<Entry> = []
    const problems: Array<Problem> = []
    for (const each of parsed) {
      if (each.kind === "problem") problems.push(each)
      else entries.push(toEntry(each))
    }
    return { entries, problems }
  }

  return { push: (chunk) => toBatch(parser.push(chunk)), end: () => toBatch(parser.end()) }
}

export const makeParser = (format: ImportFormat): HistoryParser => {
  switch (format) {
    case "zsh":
      return parseZsh()
    case "bash":
      return parseBash()
    case "fish":
      return parseFish()
    case "json":
      return parseJsonExport()
    case "jsonl":
      return parseJsonLines()
  }
}

const SHELLS: Readonly<Record<ImportFormat, string | null>> = {
  zsh: "zsh",
  bash: "bash",
  fish: "fish",
  json: null,
  jsonl: null
}
