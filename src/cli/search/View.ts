/**
 * What is drawn: lines of pieces, none wider than the terminal, always as many as there is room for. From top to bottom: what is typed, the scopes, the
 * hits, and what there is to know about the one that is chosen.
 */

import type { Details } from "../../db/SearchSource.ts"
import type { Hit } from "../../history/search/SearchEngine.ts"
import type { SearchQuery } from "../../history/search/SearchQuery.ts"
import { printable, truncate, widthOf } from "../Printable.ts"
import { countText } from "../Units.ts"
import { ageText } from "./Ages.ts"
import { type Piece, clip, piece, spread, widthOfPieces } from "./Cells.ts"
import { helpLines } from "./HelpScreen.ts"
import { highlight } from "./Highlight.ts"
import type { Keymap } from "./Keymap.ts"
import { aboutLine, previewLines } from "./Preview.ts"
import { SCOPES, type Scope, type State } from "./State.ts"

export interface Glyphs {
  readonly prompt: string
  readonly normalPrompt: string
  readonly chosen: string
  readonly failed: string
  readonly succeeded: string
  readonly rule: string
  readonly times: string
  readonly dot: string
}

export const UNICODE: Glyphs = {
  prompt: "❯ ",
  normalPrompt: "❮ ",
  chosen: "▌",
  failed: "✗",
  succeeded: "✓",
  rule: "─",
  times: "×",
  dot: " · "
}

/** For locales without UTF-8. */
export const ASCII: Glyphs = {
  prompt: "> ",
  normalPrompt: "< ",
  chosen: ">",
  failed: "x",
  succeeded: "v",
  rule: "-",
  times: "x",
  dot: " - "
}

export interface Surroundings {
  readonly columns: number
  readonly rows: number
  readonly glyphs: Glyphs
  readonly keymap: Keymap
  readonly query: SearchQuery
  /** µs since 1970. */
  readonly now: number
  readonly home: string
  readonly textOf: (hit: Hit) => string
  /** Undefined where it is gone meanwhile. */
  readonly detailsOf: (hit: Hit) => Details | undefined
}

export interface Frame {
  readonly lines: ReadonlyArray<ReadonlyArray<Piece>>
  /** Where the cursor stands, on the first line. */
  readonly cursor: number
}

export const draw = (state: State, around: Surroundings): Frame => {
  const { columns, rows } = around
  const { cursor, pieces } = inputLine(state, around)
  const body = state.help ? helpLines(around.keymap, columns) : bodyLines(state, around)
  const lines = [pieces, ...(rows > 1 ? [scopeLine(state, around)] : []), ...body]
  const filled = Array.from({ length: rows }, (_, index) => clip(lines[index] ?? [], columns))
  return { lines: filled, cursor }
}

/** How many hits have room. */
export const listHeight = (state: State, rows: number): number => Math.max(1, rows - 2 - previewHeight(state, rows))

/** Lines about the chosen hit, with the rule above them. */
const previewHeight = (state: State, rows: number): number => {
  if (state.preview === "tall") return Math.max(0, Math.floor((rows - 2) * 0.7))
  return rows < 8 ? 0 : rows < 14 ? 3 : Math.min(9, Math.floor(rows / 3))
}

const inputLine = ({ line, mode }: State, { columns, glyphs }: Surroundings) => {
  const prompt = mode === "insert" ? glyphs.prompt : glyphs.normalPrompt
  const before = printable(line.text.slice(0, line.cursor))
  const behind = printable(line.text.slice(line.cursor))
  const room = Math.max(1, columns - widthOf(prompt) - 1)
  // Where it does not fit, its end before the cursor is what people look at.
  const left = keepEnd(before, room)
  const right = truncate(behind, Math.max(0, room - widthOf(left)))
  return {
    cursor: Math.min(columns - 1, widthOf(prompt) + widthOf(left)),
    pieces: [piece(prompt, "mark"), piece(left + right)]
  }
}

const keepEnd = (text: string, cells: number): string => {
  if (widthOf(text) <= cells) return text
  const characters = Array.from(text)
  let from = characters.length
  let width = 1
  while (from > 0) {
    width += widthOf(characters[from - 1]!)
    if (width > cells) break
    from--
  }
  return `…${characters.slice(from).join("")}`
}

const LONG: Readonly<Record<Scope, string>> = {
  everywhere: "everywhere",
  host: "host",
  session: "session",
  directory: "directory",
  repository: "repository"
}

const SHORT: Readonly<Record<Scope, string>> = {
  everywhere: "all",
  host: "host",
  session: "sess",
  directory: "dir",
  repository: "repo"
}

const scopeLine = (state: State, around: Surroundings): ReadonlyArray<Piece> => {
  const right = countPieces(state)
  const full = tabs(state, around, LONG)
  const fits = widthOfPieces(full) + widthOfPieces(right) + 2 <= around.columns
  return spread(fits ? full : tabs(state, around, SHORT), right, around.columns)
}

const tabs = (state: State, { glyphs }: Surroundings, names: Readonly<Record<Scope, string>>): ReadonlyArray<Piece> => {
  const scopes = SCOPES.filter((scope) => state.scopes.includes(scope)).flatMap((scope, index) => [
    piece(index === 0 ? "" : " "),
    scope === state.scope ? piece(`[${names[scope]}]`, "strong") : piece(` ${names[scope]} `, "dim")
  ])
  if (state.ended === "any") return scopes
  const failed = state.ended === "failed"
  return [...scopes, piece(failed ? ` ${glyphs.failed} failed` : ` ${glyphs.succeeded} ok`, failed ? "bad" : "good")]
}

const countPieces = ({ answer, commands, loaded }: State): ReadonlyArray<Piece> => [
  piece(countText(answer.total), "plain"),
  piece(`/${countText(commands)}${loaded && answer.complete ? "" : "…"}`, "dim")
]

const bodyLines = (state: State, around: Surroundings): ReadonlyArray<ReadonlyArray<Piece>> => {
  const height = listHeight(state, around.rows)
  const { hits } = state.answer
  const rows = hits
    .slice(state.top, state.top + height)
    .map((hit, index) => hitLine(hit, state, around, state.top + index))
  const list = rows.length > 0 ? rows : [emptyLine(state)]
  const filled = Array.from({ length: height }, (_, index) => list[index] ?? [])
  const room = around.rows - 2 - height
  if (room <= 0)
    return state.notice === null && state.asking === null ? filled : [...filled.slice(0, -1), told(state, around)]
  const chosen = hits[state.selected]
  const { columns, glyphs } = around
  const rule = [piece(glyphs.rule.repeat(columns), "dim")]
  if (state.asking !== null || state.notice !== null) return [...filled, rule, told(state, around)]
  if (chosen === undefined) return [...filled, rule, hintLine(around)]
  return [
    ...filled,
    rule,
    aboutLine(around.detailsOf(chosen), chosen, around),
    ...previewLines(around.textOf(chosen), around, room - 2)
  ]
}

const emptyLine = (state: State): ReadonlyArray<Piece> => {
  if (state.problem !== null) return [piece(`  ${printable(state.problem)}`, "bad")]
  if (!state.loaded || !state.answer.complete) return [piece("  looking…", "dim")]
  if (state.commands === 0)
    return [
      piece("  Nothing is recorded yet. ", "dim"),
      piece("hx import", "key"),
      piece(" takes in what your shell has.", "dim")
    ]
  const where = state.scope === "everywhere" && state.ended === "any" ? "" : " here"
  return [piece(`  Nothing fits${where}.`, "dim")]
}

const told = ({ asking, notice }: State, { columns }: Surroundings): ReadonlyArray<Piece> => {
  if (asking === null) return [piece(printable(notice ?? ""), "strong")]
  const runs = asking.count === 1 ? "its one run" : `all ${countText(asking.count)} runs`
  const question = columns < 60 ? "for good?" : "for good, here and on every device?"
  return [piece(`Forget ${runs} ${question} `, "bad"), piece("[y/N]", "key")]
}

const hintLine = ({ keymap }: Surroundings): ReadonlyArray<Piece> => {
  const help = Array.from(keymap.insert).find(([, action]) => action === "help")
  return help === undefined ? [] : [piece(help[0], "key"), piece(" shows the keys", "dim")]
}

const AGE_CELLS = 4

const hitLine = (hit: Hit, state: State, around: Surroundings, index: number): ReadonlyArray<Piece> => {
  const chosen = index === state.selected
  const { columns, glyphs, now, query } = around
  const age = ageText(hit.start, now).padStart(AGE_CELLS)
  const head = [
    piece(chosen ? glyphs.chosen : " ", "mark"),
    piece(`${age} `, "dim"),
    hit.failed ? piece(`${glyphs.failed} `, "bad") : piece("  ")
  ]
  const tail = hit.count > 1 ? [piece(`${glyphs.times}${countText(hit.count)}`, "dim")] : []
  // More than is seen is not prepared: a command may be as long as a book.
  const text = printable(around.textOf(hit).slice(0, columns * 2))
  return spread([...head, ...marked(text, query, chosen)], tail, columns)
}

/** The text in pieces, what was typed apart from the rest. */
const marked = (text: string, query: SearchQuery, chosen: boolean): ReadonlyArray<Piece> => {
  const marks = highlight(text, query)
  const pieces: Array<Piece> = []
  let from = 0
  for (let at = 1; at <= text.length; at++) {
    if (at < text.length && marks[at] === marks[from]) continue
    pieces.push(piece(text.slice(from, at), marks[from] === true ? "hit" : chosen ? "strong" : "plain"))
    from = at
  }
  return pieces
}
