/** Regular expressions as trees. */

export type Node =
  | { readonly kind: "set"; readonly ranges: Ranges }
  | { readonly kind: "sequence"; readonly nodes: ReadonlyArray<Node> }
  | { readonly kind: "choice"; readonly nodes: ReadonlyArray<Node> }
  | { readonly kind: "repeat"; readonly node: Node; readonly least: number; readonly most: number }
  | { readonly kind: "assertion"; readonly what: Assertion }

export type Assertion = "start" | "end" | "boundary" | "inside"

/** UTF-16 code units, both ends included. */
export type Ranges = ReadonlyArray<readonly [first: number, last: number]>

/** The tree, or why there is none. Letters stand for both cases, as what they are looked for in is in lower case. */
export const parseRegex = (source: string): Node | string => {
  try {
    return new Parser(source).parse()
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

class Refusal extends Error {}

const LAST = 0xffff
const DIGITS: Ranges = [[48, 57]]
const WORD: Ranges = [...DIGITS, [97, 122], [95, 95], [65, 90]]
/** As JavaScript's \s. */
const SPACE: Ranges = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff]
]
/** Of repetitions that are counted, and of what they repeat: it is written out that often. */
const MOST_REPEATS = 1_000
const DEEPEST = 50

const ESCAPES: Readonly<Record<string, Ranges>> = {
  d: DIGITS,
  w: WORD,
  s: SPACE,
  D: invert(DIGITS),
  W: invert(WORD),
  S: invert(SPACE),
  n: [[10, 10]],
  t: [[9, 9]],
  r: [[13, 13]]
}

class Parser {
  private at = 0
  private depth = 0
  private readonly source: string

  constructor(source: string) {
    this.source = source
  }

  parse(): Node {
    const node = this.choice()
    if (this.at < this.source.length) throw new Refusal("a ) without its (")
    return node
  }

  private choice(): Node {
    if (++this.depth > DEEPEST) throw new Refusal("groups in groups too deep")
    const nodes = [this.sequence()]
    while (this.take("|")) nodes.push(this.sequence())
    this.depth--
    return nodes.length === 1 ? nodes[0]! : { kind: "choice", nodes }
  }

  private sequence(): Node {
    const nodes: Array<Node> = []
    while (this.at < this.source.length && !"|)".includes(this.peek())) nodes.push(this.repeated())
    return nodes.length === 1 ? nodes[0]! : { kind: "sequence", nodes }
  }

  private repeated(): Node {
    let node = this.atom()
    for (;;) {
      const count = this.count()
      if (count === undefined) return node
      if (node.kind === "assertion") throw new Refusal("a repetition of nothing")
      this.take("?")
      node = { kind: "repeat", node, least: count[0], most: count[1] }
    }
  }

  private count(): readonly [number, number] | undefined {
    if (this.take("*")) return [0, Infinity]
    if (this.take("+")) return [1, Infinity]
    if (this.take("?")) return [0, 1]
    const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(this.source.slice(this.at, this.at + 20))
    if (counted === null) return undefined
    this.at += counted[0].length
    const least = Number(counted[1])
    const most = counted[2] === undefined ? least : counted[3] === "" ? Infinity : Number(counted[3])
    if (least > MOST_REPEATS || (most > MOST_REPEATS && most !== Infinity)) throw new Refusal("a repetition too long")
    if (most < least) throw new Refusal("a repetition that ends before it begins")
    return [least, most]
  }

  private atom(): Node {
    const character = this.next()
    switch (character) {
      case "^":
        return { kind: "assertion", what: "start" }
      case "$":
        return { kind: "assertion", what: "end" }
      case ".":
        return { kind: "set", ranges: invert([[10, 10]]) }
      case "[":
        return { kind: "set", ranges: this.set() }
      case "(":
        return this.group()
      case "*":
      case "+":
      case "?":
        throw new Refusal(`a ${character} that repeats nothing`)
      case "\\":
        return this.escaped()
      default:
        return literal(character)
    }
  }

  private group(): Node {
    if (this.take("?")) {
      if (this.source.startsWith("=", this.at) || /^(!|<[=!])/.test(this.source.slice(this.at, this.at + 2))) {
        throw new Refusal("look-around is not known here: it may take for ever")
      }
      if (!this.take(":")) {
        const name = /^<[A-Za-z_]\w*>/.exec(this.source.slice(this.at))
        if (name === null) throw new Refusal("a group that is not known here")
        this.at += name[0].length
      }
    }
    const node = this.choice()
    if (!this.take(")")) throw new Refusal("a ( without its )")
    return node
  }

  private escaped(): Node {
    const character = this.next()
    if (character === "b") return { kind: "assertion", what: "boundary" }
    if (character === "B") return { kind: "assertion", what: "inside" }
    if (/[1-9k]/.test(character)) throw new Refusal("back references are not known here: they may take for ever")
    const ranges = ESCAPES[character]
    return ranges === undefined ? literal(character) : { kind: "set", ranges }
  }

  private set(): Ranges {
    const inverted = this.take("^")
    const ranges: Array<readonly [number, number]> = []
    for (let first = true; first || this.peek() !== "]"; first = false) {
      if (this.at >= this.source.length) throw new Refusal("a [ without its ]")
      const from = this.setMember()
      const isRange = this.peek() === "-" && this.at + 1 < this.source.length && this.source[this.at + 1] !== "]"
      if (!isRange) {
        ranges.push(...from)
        continue
      }
      this.at++
      const to = this.setMember()
      const [low, high] = [single(from), single(to)]
      if (low === undefined || high === undefined || low > high) throw new Refusal("a range that is none")
      ranges.push([low, high])
    }
    this.at++
    const cased = bothCases(ranges)
    return inverted ? invert(cased) : cased
  }

  private setMember(): Ranges {
    const character = this.next()
    if (character !== "\\") return unit(character)
    const escaped = this.next()
    return ESCAPES[escaped] ?? unit(escaped)
  }

  private peek(): string {
    return this.source[this.at] ?? ""
  }

  /** One character, both halves of a pair. */
  private next(): string {
    const codePoint = this.source.codePointAt(this.at)
    if (codePoint === undefined) throw new Refusal("a \\ with nothing behind it")
    const character = String.fromCodePoint(codePoint)
    this.at += character.length
    return character
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false
    this.at++
    return true
  }
}

const literal = (character: string): Node => {
  const nodes = Array.from({ length: character.length }, (_, index): Node => ({
    kind: "set",
    ranges: bothCases(unit(character[index]!))
  }))
  return nodes.length === 1 ? nodes[0]! : { kind: "sequence", nodes }
}

const unit = (character: string): Ranges => {
  if (character.length > 1) throw new Refusal("a class with a character that takes two places")
  const code = character.charCodeAt(0)
  return [[code, code]]
}

const single = (ranges: Ranges): number | undefined =>
  ranges.length === 1 && ranges[0]![0] === ranges[0]![1] ? ranges[0]![0] : undefined

/** What is looked for in is in lower case: capitals stand for their small letters too. */
const bothCases = (ranges: Ranges): Ranges => {
  const lower: Array<readonly [number, number]> = []
  for (const [first, last] of ranges) {
    const [from, to] = [Math.max(first, 65), Math.min(last, 90)]
    if (from <= to) lower.push([from + 32, to + 32])
    if (first !== last || first < 128) continue
    const small = String.fromCharCode(first).toLowerCase()
    if (small.length === 1) lower.push([small.charCodeAt(0), small.charCodeAt(0)])
  }
  return [...ranges, ...lower]
}

function invert(ranges: Ranges): Ranges {
  const inverted: Array<readonly [number, number]> = []
  let from = 0
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (first > from) inverted.push([from, first - 1])
    from = Math.max(from, last + 1)
  }
  if (from <= LAST) inverted.push([from, LAST])
  return inverted
}
