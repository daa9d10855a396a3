/**
 * Bytes from a terminal as keys. Names are what people write in settings: "ctrl-r", "alt-1", "up", "page-down", "enter"; a character that was typed is
 * the key "character" with its text, and what was pasted the key "paste".
 *
 * An escape byte alone is the key Escape, or the beginning of another key whose rest is still on its way: `waiting` says so, and `flush` decides.
 */

import { StringDecoder } from "node:string_decoder"

export interface Key {
  readonly name: string
  /** What was typed or pasted; empty for all other keys. */
  readonly text: string
}

/** More than that is not taken from one paste. */
const LONGEST_PASTE = 16_384

export class KeyDecoder {
  private readonly decoder = new StringDecoder("utf8")
  private rest = ""
  private pasted: string | null = null

  push(bytes: Uint8Array): ReadonlyArray<Key> {
    this.rest += this.decoder.write(Buffer.from(bytes))
    return this.keys(false)
  }

  /** Whether what is there may go on. */
  get waiting(): boolean {
    return this.rest !== "" && this.pasted === null
  }

  /** Nothing more came. */
  flush(): ReadonlyArray<Key> {
    return this.keys(true)
  }

  private keys(over: boolean): ReadonlyArray<Key> {
    const keys: Array<Key> = []
    while (this.rest !== "") {
      if (this.pasted !== null) {
        const end = this.rest.indexOf(PASTE_END)
        // The mark itself may be cut in two.
        const sure = end === -1 ? Math.max(0, this.rest.length - PASTE_END.length + 1) : end
        this.pasted = (this.pasted + this.rest.slice(0, sure)).slice(0, LONGEST_PASTE)
        this.rest = this.rest.slice(end === -1 ? sure : end + PASTE_END.length)
        if (end === -1) break
        keys.push({ name: "paste", text: this.pasted })
        this.pasted = null
        continue
      }
      if (this.rest.startsWith(PASTE_BEGIN)) {
        this.pasted = ""
        this.rest = this.rest.slice(PASTE_BEGIN.length)
        continue
      }
      const read = readKey(this.rest)
      if (read === undefined) {
        if (!over) break
        keys.push(key("escape"))
        this.rest = this.rest.slice(1)
        continue
      }
      keys.push(...read.keys)
      this.rest = this.rest.slice(read.length)
    }
    return keys
  }
}

/** Told to a terminal, so that it marks what is pasted. */
export const PASTE_ON = "\u001B[?2004h"
export const PASTE_OFF = "\u001B[?2004l"

const PASTE_BEGIN = "\u001B[200~"
const PASTE_END = "\u001B[201~"

const key = (name: string, text = ""): Key => ({ name, text })

interface Read {
  /** None where the terminal told something that is no key. */
  readonly keys: ReadonlyArray<Key>
  readonly length: number
}

/** The first key of a text; undefined where it may go on. */
const readKey = (text: string): Read | undefined => {
  const first = text[0]!
  if (first !== "\u001B") return plain(text)
  const second = text[1]
  if (second === undefined) return undefined
  if (second === "[") return controlSequence(text)
  if (second === "O") {
    const third = text[2]
    if (third === undefined) return undefined
    const name = FINALS[third]
    return { keys: name === undefined ? [] : [key(name)], length: 3 }
  }
  if (second === "\u001B") return { keys: [key("escape")], length: 1 }
  const behind = plain(text.slice(1))
  const [one] = behind.keys
  if (one === undefined) return { keys: [], length: 1 + behind.length }
  const name = one.name === "character" ? one.text : one.name
  return { keys: [key(`alt-${name === " " ? "space" : name}`)], length: 1 + behind.length }
}

const plain = (text: string): Read => {
  const codePoint = text.codePointAt(0)!
  const character = String.fromCodePoint(codePoint)
  const read = (name: string, typed = "") => ({ keys: [key(name, typed)], length: character.length })
  if (codePoint === 13 || codePoint === 10) return read(codePoint === 13 ? "enter" : "ctrl-j")
  if (codePoint === 9) return read("tab")
  if (codePoint === 127) return read("backspace")
  if (codePoint === 0) return read("ctrl-space")
  if (codePoint < 32) return read(`ctrl-${CONTROLS[codePoint - 1]!}`)
  // C1 controls and what is no character: nothing that can be looked for.
  if ((codePoint > 127 && codePoint < 160) || (codePoint >= 0xd800 && codePoint < 0xe000)) {
    return { keys: [], length: character.length }
  }
  return read("character", character)
}

const CONTROLS = "abcdefghijklmnopqrstuvwxyz[\\]^_"

/** ESC [ parameters final; ECMA-48, 5.4. */
const controlSequence = (text: string): Read | undefined => {
  const whole = /^\u001B\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])/.exec(text)
  if (whole === null) {
    // Something else stands where the sequence should go on: it is none.
    return /^\u001B\[[\x20-\x3f]{0,32}$/.test(text) ? undefined : { keys: [key("alt-[")], length: 2 }
  }
  const [sequence, parameters = "", final = ""] = whole
  const [number = "", modifier = ""] = parameters.split(";")
  const base = final === "~" ? NUMBERS[number] : final === "Z" ? "shift-tab" : FINALS[final]
  return { keys: base === undefined ? [] : [key(modified(base, Number(modifier)))], length: sequence.length }
}

/** xterm: one more than the sum of shift (1), alt (2) and ctrl (4). */
const modified = (base: string, modifier: number): string => {
  const bits = modifier > 1 ? modifier - 1 : 0
  return `${(bits & 4) === 0 ? "" : "ctrl-"}${(bits & 2) === 0 ? "" : "alt-"}${(bits & 1) === 0 ? "" : "shift-"}${base}`
}

const FINALS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  M: "enter",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4"
}

const NUMBERS: Readonly<Record<string, string>> = {
  "1": "home",
  "2": "insert",
  "3": "delete",
  "4": "end",
  "5": "page-up",
  "6": "page-down",
  "7": "home",
  "8": "end",
  "11": "f1",
  "12": "f2",
  "13": "f3",
  "14": "f4"
}
