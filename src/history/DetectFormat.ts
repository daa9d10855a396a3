/**
 * Which format a history file has, from its first bytes (64 KiB tell enough) and, where the bytes leave it open, from its name.
 *
 * zsh, bash and fish each mark their lines, so the marks are counted. Without any mark a file has one command a line: then the two shells that
 * write such files differ only in what they escape. Databases, compressed and other binary files are named for what they are.
 */

import { COMMAND as FISH_COMMAND } from "./importers/Fish.ts"
import { TIME as BASH_TIME } from "./importers/Bash.ts"
import * as HereDocs from "./importers/HereDocs.ts"
import type { ImportFormat } from "./importers/HistoryParser.ts"
import { EXTENDED as ZSH_EXTENDED } from "./importers/Zsh.ts"

export type Detected =
  | { readonly kind: "history"; readonly format: ImportFormat }
  /** Not a history file: `why` says what it is instead, as in "F is an SQLite database: …". */
  | { readonly kind: "other"; readonly why: string }

export const SAMPLE_SIZE = 64 * 1024

export const detectFormat = (sample: Uint8Array, name = ""): Detected => {
  const magic = MAGIC.find(([bytes]) => startsWith(sample, bytes))
  if (magic !== undefined) return other(magic[1])
  const text = Buffer.from(sample.buffer, sample.byteOffset, sample.byteLength).toString("latin1")
  const lines = text.replace(/^\xef\xbb\xbf/, "").split(/[\n\0]+/)
  if (sample.length >= SAMPLE_SIZE && lines.length > 1) lines.pop()
  const filled = lines.map((line) => line.replace(/\r$/, "")).filter((line) => /\S/.test(line))
  if (filled.length === 0) {
    return text.includes("\0")
      ? other("holds nothing but NUL bytes, as a crash leaves them")
      : history(fromName(name) ?? "bash")
  }
  if (binaryShare(filled) > 0.1) return other("is a binary file")
  if (filled[0]?.startsWith(CSV_HEADER)) return other(CSV)
  return fromJson(filled.join("\n")) ?? history(fromMarks(filled) ?? fromName(name) ?? fromEscapes(filled))
}

const history = (format: ImportFormat): Detected => ({ kind: "history", format })

const other = (why: string): Detected => ({ kind: "other", why })

const MAGIC: ReadonlyArray<readonly [bytes: string, why: string]> = [
  ["SQLite format 3\0", "is an SQLite database (atuin, mcfly and nushell keep theirs so): export it as text first"],
  ["\x1f\x8b", "is compressed (gzip): unpack it first, as in `gzip -dc F | hx import --file -`"],
  ["\x28\xb5\x2f\xfd", "is compressed (zstd): unpack it first, as in `zstd -dc F | hx import --file -`"],
  ["\xfd7zXZ\0", "is compressed (xz): unpack it first, as in `xz -dc F | hx import --file -`"],
  ["BZh", "is compressed (bzip2): unpack it first, as in `bzip2 -dc F | hx import --file -`"],
  ["PK\x03\x04", "is a zip archive: unpack it first"],
  ["\xff\xfe", "is UTF-16 text: convert it to UTF-8 first"],
  ["\xfe\xff", "is UTF-16 text: convert it to UTF-8 first"],
  ["\x7fELF", "is a program"]
]

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  bytes.length >= text.length && [...text].every((character, index) => bytes[index] === character.charCodeAt(0))

/** How much of the text is control characters that nobody types. */
const binaryShare = (lines: ReadonlyArray<string>): number => {
  const text = lines.join("")
  return (text.match(/[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]/g)?.length ?? 0) / text.length
}

/** An export of hx as CSV is for spreadsheets: taken for a shell's, it would come back as commands that nobody typed. */
const CSV_HEADER = "id,command,start,duration,exit,"
const CSV = "is a CSV export, which hx writes but does not read: export it as json or jsonl instead"

const OWN_KEY = /^\s*\{\s*"(?:format|version|entries|digest)"\s*:/

/** hx's own formats; undefined for what is not JSON. A shell command may begin with a brace or bracket, too. */
const fromJson = (text: string): Detected | undefined => {
  if (!/^\s*[{[]/.test(text)) return undefined
  if (OWN_KEY.test(text)) return history("json")
  const value = parsed(text.slice(0, text.indexOf("\n") >>> 0)) ?? parsed(text)
  if (value === undefined) return /^\s*[{[]\s*["{}\]]/.test(text) && /"\s*:/.test(text) ? NOT_OURS : undefined
  return typeof value === "object" && value !== null && "command" in value ? history("jsonl") : NOT_OURS
}

const NOT_OURS = other("is JSON, but neither a backup of hx nor JSON lines with a `command` each")

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const fromMarks = (lines: ReadonlyArray<string>): ImportFormat | undefined => {
  const counts: ReadonlyArray<readonly [ImportFormat, number]> = [
    ["zsh", count(lines, (line) => ZSH_EXTENDED.test(line))],
    ["bash", count(lines, (line) => BASH_TIME.test(line))],
    ["fish", count(lines, (line) => line.startsWith(FISH_COMMAND))]
  ]
  const [format, most] = counts.reduce((best, each) => (each[1] > best[1] ? each : best))
  return most > 0 ? format : undefined
}

const count = (lines: ReadonlyArray<string>, test: (line: string) => boolean): number =>
  lines.reduce((sum, line) => (test(line) ? sum + 1 : sum), 0)

const fromName = (name: string): ImportFormat | undefined => {
  if (/zsh|zhistory|histfile/i.test(name)) return "zsh"
  if (/bash/i.test(name)) return "bash"
  return undefined
}

/**
 * Only zsh escapes: a colon that begins a plain command, metafied bytes, and newlines, with a backslash that bash writes in here-documents only.
 */
const fromEscapes = (lines: ReadonlyArray<string>): ImportFormat => {
  let open: ReadonlyArray<HereDocs.HereDoc> = []
  for (const line of lines) {
    if (line.startsWith("\\:") || METAFIED.test(line)) return "zsh"
    if (open.length === 0 && /\\ *$/.test(line)) return "zsh"
    open = HereDocs.after(open, line)
  }
  return "bash"
}

/** A pair that stands where UTF-8 has no place for it: behind neither a lead byte nor another continuation. */
const METAFIED = /(?:^|[\x00-\x7f])\x83[\x20\x80-\x82\xa3-\xbf]|[\xc2-\xf4]\x83[\x20\xa3-\xbf][\x80-\xbf]/
