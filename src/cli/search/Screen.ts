/**
 * Frames as bytes for a terminal. Inline, a few lines below the prompt are borrowed and given back as they were found: empty, with the cursor where it was.
 * Full screen, the terminal's other screen. Only lines that changed are written, and only by relative movements: the prompt may stand anywhere.
 */

import type { Paint, Piece } from "./Cells.ts"
import { PASTE_OFF, PASTE_ON } from "./Keys.ts"
import type { Frame } from "./View.ts"

export interface ScreenOptions {
  readonly full: boolean
  /** Inline: the lines begin below the one with the cursor, which holds a prompt. */
  readonly below: boolean
  readonly colour: boolean
}

const ESC = "\u001B"
const HIDE = `${ESC}[?25l`
const SHOW = `${ESC}[?25h`
/** Terminals that know it show what stands between at once; others ignore it. */
const TOGETHER = `${ESC}[?2026h`
const DONE = `${ESC}[?2026l`

export class Screen {
  private readonly options: ScreenOptions
  private drawn: ReadonlyArray<string> = []
  private begun = false
  private resized = false

  constructor(options: ScreenOptions) {
    this.options = options
  }

  /** What puts this frame on the terminal. */
  frame({ cursor, lines }: Frame): string {
    const texts = lines.map((pieces) => this.line(pieces))
    const all = !this.begun || texts.length !== this.drawn.length
    let out = TOGETHER + HIDE
    if (!this.begun) out += this.begin(texts.length)
    else if (all) out += this.options.full ? `${ESC}[H${ESC}[2J` : `\r${ESC}[J${this.room(texts.length)}`
    let at = 0
    for (const [index, text] of texts.entries()) {
      if (!all && text === this.drawn[index]) continue
      out += `${down(index - at)}\r${ESC}[2K${text}`
      at = index
    }
    this.drawn = texts
    return `${out}${up(at)}\r${right(cursor)}${SHOW}${DONE}`
  }

  /** The terminal has another size now, and may have broken lines anew: everything is drawn again. */
  forget(): void {
    this.drawn = []
    this.resized = this.resized || this.begun
  }

  /** What gives the terminal back. Once only; then the next frame begins anew. */
  end(): string {
    if (!this.begun) return ""
    this.begun = false
    this.drawn = []
    const back = this.options.full
      ? `${ESC}[?1049l`
      : `\r${ESC}[J${this.options.below ? (this.resized ? up(1) : `${ESC}8`) : ""}`
    return `${PASTE_OFF}${ESC}[0m${back}${SHOW}`
  }

  private begin(height: number): string {
    this.begun = true
    this.resized = false
    if (this.options.full) return `${ESC}[?1049h${PASTE_ON}${ESC}[H${ESC}[2J`
    const below = this.options.below ? 1 : 0
    // Index (ESC D) goes down and scrolls where that is needed, without leaving the column.
    const room = `${ESC}D`.repeat(height - 1 + below) + up(height - 1 + below)
    return `${PASTE_ON}${room}${below === 1 ? `${ESC}7\r\n` : "\r"}`
  }

  private room(height: number): string {
    return `${ESC}D`.repeat(height - 1) + up(height - 1)
  }

  private line(pieces: ReadonlyArray<Piece>): string {
    if (!this.options.colour) return pieces.map(({ text }) => text).join("")
    return pieces
      .filter(({ text }) => text !== "")
      .map(({ paint, text }) => (paint === "plain" ? text : `${ESC}[${CODES[paint]}m${text}${ESC}[0m`))
      .join("")
  }
}

const CODES: Readonly<Record<Exclude<Paint, "plain">, string>> = {
  dim: "2",
  hit: "1;33",
  bad: "31",
  good: "32",
  mark: "1;36",
  strong: "1",
  key: "36"
}

const up = (rows: number): string => (rows > 0 ? `${ESC}[${rows}A` : "")
const down = (rows: number): string => (rows > 0 ? `${ESC}[${rows}B` : "")
const right = (cells: number): string => (cells > 0 ? `${ESC}[${cells}C` : "")
