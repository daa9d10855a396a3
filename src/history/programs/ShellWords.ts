/**
 * A command line as the simple commands between its |, &&, ;, newlines and parentheses, each as its words without quotes. Redirections, comments
 * and here-documents are left out.
 *
 * Made for a million lines in a moment: one look at each character, and of each command no more words than its name takes.
 */

export interface Word {
  /** Without its quotes. */
  readonly text: string
  /** Some of it stood in quotes or behind a backslash: then it is no keyword of the shell. */
  readonly quoted: boolean
}

/** Longer names than that there are not, with all that wraps them. */
const MOST_WORDS = 16

/** Of a line: nobody runs more at once, but texts are pasted. */
const LONGEST = 20_000

export class ShellWords {
  private readonly line: string
  private at = 0
  /** What ends the here-documents that begin with the next line. */
  private readonly documents: Array<string> = []

  constructor(line: string) {
    this.line = line.length > LONGEST ? line.slice(0, LONGEST) : line
  }

  /** The words of the next simple command, which may be none; null at the end. */
  nextCommand(): ReadonlyArray<Word> | null {
    const { line } = this
    if (this.at >= line.length) return null
    const words: Array<Word> = []
    while (this.at < line.length) {
      const code = line.charCodeAt(this.at)
      if (code === BLANK || code === TAB) this.at++
      else if (code === NEWLINE) {
        this.at++
        this.skipDocuments()
        return words
      } else if (this.endsCommand(code)) {
        this.at++
        return words
      } else if (code === HASH) this.skipLine()
      else if (this.isRedirection(code)) this.skipRedirection()
      else {
        const word = this.word()
        if (words.length < MOST_WORDS) words.push(word)
      }
    }
    return words
  }

  private endsCommand(code: number): boolean {
    if (code !== AMPERSAND) return code === BAR || code === SEMICOLON || code === OPEN || code === CLOSE
    // &> is a redirection.
    return this.line.charCodeAt(this.at + 1) !== GREATER
  }

  /** At > or <, a number before them, or &>. */
  private isRedirection(code: number): boolean {
    if (code === GREATER || code === LESS || code === AMPERSAND) return true
    if (code < ZERO || code > NINE) return false
    let end = this.at
    while (isDigit(this.line.charCodeAt(end))) end++
    const next = this.line.charCodeAt(end)
    return next === GREATER || next === LESS
  }

  private skipRedirection(): void {
    const { line } = this
    const [operator = ">"] = REDIRECTION.exec(line.slice(this.at, this.at + 24)) ?? []
    this.at += operator.length
    // <( and >(: what runs there is an argument.
    if (line.charCodeAt(this.at) === OPEN) return this.skipNested(this.at)
    while (line.charCodeAt(this.at) === BLANK || line.charCodeAt(this.at) === TAB) this.at++
    const code = line.charCodeAt(this.at)
    if (Number.isNaN(code) || code === NEWLINE || this.endsCommand(code)) return
    const { text } = this.word()
    if (/<<-?$/.test(operator)) this.documents.push(text)
  }

  private word(): Word {
    const { line } = this
    const begin = this.at
    while (this.at < line.length && !ends(line.charCodeAt(this.at))) {
      const code = line.charCodeAt(this.at)
      if (code === BACKSLASH) this.at += 2
      else if (code === SINGLE) this.skipTo("'")
      else if (code === DOUBLE || code === BACKTICK) this.skipQuoted(code)
      else if (code === DOLLAR && OPENS.includes(line.charAt(this.at + 1))) this.skipNested(this.at + 1)
      else this.at++
      // Of a pattern (*(.)), an array or a function: no subshell begins in the middle of a word.
      if (this.at > begin && line.charCodeAt(this.at) === OPEN) this.skipNested(this.at)
    }
    // What ends no word and begins none either, such as a lone >: it has to be left behind.
    if (this.at === begin) this.at++
    const raw = line.slice(begin, this.at)
    const text = QUOTES.test(raw) ? raw.replace(QUOTING, (_, escaped: string | undefined) => escaped ?? "") : raw
    return { text, quoted: text !== raw }
  }

  private skipTo(end: string): void {
    const found = this.line.indexOf(end, this.at + 1)
    this.at = found === -1 ? this.line.length : found + 1
  }

  private skipQuoted(quote: number): void {
    const { line } = this
    for (this.at++; this.at < line.length; this.at++) {
      const code = line.charCodeAt(this.at)
      if (code === BACKSLASH) this.at++
      else if (code === quote) break
      else if (code === DOLLAR && line.charCodeAt(this.at + 1) === OPEN) {
        this.skipNested(this.at + 1)
        this.at--
      }
    }
    this.at++
  }

  /** From this parenthesis or brace to the one that closes it; quotes hide those within. */
  private skipNested(open: number): void {
    const { line } = this
    this.at = open
    let depth = 0
    while (this.at < line.length) {
      const code = line.charCodeAt(this.at)
      if (code === BACKSLASH) this.at++
      else if (code === SINGLE) {
        this.skipTo("'")
        continue
      } else if (code === OPEN || code === BRACE) depth++
      else if (code === CLOSE || code === UNBRACE) depth--
      this.at++
      if (depth <= 0) return
    }
  }

  private skipLine(): void {
    const end = this.line.indexOf("\n", this.at)
    this.at = end === -1 ? this.line.length : end
  }

  private skipDocuments(): void {
    const { line } = this
    for (const end of this.documents.splice(0)) {
      while (this.at < line.length) {
        const begin = this.at
        this.skipLine()
        const text = line.slice(begin, this.at)
        this.at++
        if (text.replace(/^\t+/, "") === end) break
      }
    }
  }
}

const REDIRECTION = /^(?:\d*(?:<<<|<<-|<<|<>|<&|<|>>|>&|>\||>)|&>>?)/
const QUOTES = /["'\\`]/
const QUOTING = /\\([^])|["'`]/g
const OPENS = "({"

const TAB = 9
const NEWLINE = 10
const BLANK = 32
const DOUBLE = 34
const HASH = 35
const DOLLAR = 36
const AMPERSAND = 38
const SINGLE = 39
const OPEN = 40
const CLOSE = 41
const ZERO = 48
const NINE = 57
const SEMICOLON = 59
const LESS = 60
const GREATER = 62
const BACKSLASH = 92
const BACKTICK = 96
const BRACE = 123
const BAR = 124
const UNBRACE = 125

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

/** What ends a word that is not quoted. */
const ends = (code: number): boolean =>
  code === BLANK ||
  code === TAB ||
  code === NEWLINE ||
  code === BAR ||
  code === AMPERSAND ||
  code === SEMICOLON ||
  code === OPEN ||
  code === CLOSE ||
  code === LESS ||
  code === GREATER
