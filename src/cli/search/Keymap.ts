/**
 * Which key does what. People may give any action other keys (`search.keys`, Settings); what they say beats the table. In vi's normal mode letters are
 * commands, and the two modes share the keys with Ctrl and Alt.
 */

import { nearest } from "../../platform/Nearest.ts"
import type { LineAction } from "./LineEditor.ts"

export type Mode = "insert" | "normal"

export const ACTIONS = [
  "accept",
  "edit",
  "cancel",
  "up",
  "down",
  "page-up",
  "page-down",
  "first",
  "last",
  "copy",
  "forget",
  "scope",
  "everywhere",
  "host",
  "session",
  "directory",
  "repository",
  "ended",
  "preview",
  "help",
  "redraw",
  "suspend",
  "left",
  "right",
  "word-left",
  "word-right",
  "home",
  "end",
  "delete-left",
  "delete-right",
  "cut-word-left",
  "cut-word-right",
  "cut-left",
  "cut-right",
  "cut-all",
  "put-back",
  "normal-mode",
  "insert-mode",
  "append",
  "append-at-end",
  "insert-at-home",
  "change-to-end",
  "nothing"
] as const

export type Action = (typeof ACTIONS)[number]

const LINE_ACTIONS: ReadonlySet<string> = new Set<LineAction>([
  "left",
  "right",
  "word-left",
  "word-right",
  "home",
  "end",
  "delete-left",
  "delete-right",
  "cut-word-left",
  "cut-word-right",
  "cut-left",
  "cut-right",
  "cut-all",
  "put-back"
])

export const isLineAction = (action: Action): action is Action & LineAction => LINE_ACTIONS.has(action)

export type Bindings = ReadonlyMap<string, Action>

export interface Keymap {
  readonly insert: Bindings
  readonly normal: Bindings
}

type Table = Readonly<Record<string, Action>>

const COMMON: Table = {
  enter: "accept",
  "ctrl-j": "accept",
  tab: "edit",
  "ctrl-c": "cancel",
  "ctrl-g": "cancel",
  up: "up",
  down: "down",
  "ctrl-p": "up",
  "ctrl-n": "down",
  "page-up": "page-up",
  "page-down": "page-down",
  "ctrl-home": "first",
  "ctrl-end": "last",
  "ctrl-r": "scope",
  "alt-1": "everywhere",
  "alt-2": "host",
  "alt-3": "session",
  "alt-4": "directory",
  "alt-5": "repository",
  "alt-0": "ended",
  "alt-w": "copy",
  "ctrl-x": "forget",
  "ctrl-o": "preview",
  f1: "help",
  "alt-?": "help",
  "ctrl-l": "redraw",
  "ctrl-z": "suspend",
  left: "left",
  right: "right",
  home: "home",
  end: "end",
  "ctrl-left": "word-left",
  "ctrl-right": "word-right",
  "alt-left": "word-left",
  "alt-right": "word-right",
  backspace: "delete-left",
  "ctrl-h": "delete-left",
  delete: "delete-right",
  "ctrl-w": "cut-word-left",
  "alt-backspace": "cut-word-left",
  "ctrl-u": "cut-left"
}

const EMACS: Table = {
  ...COMMON,
  escape: "cancel",
  "ctrl-a": "home",
  "ctrl-e": "end",
  "ctrl-b": "left",
  "ctrl-f": "right",
  "alt-b": "word-left",
  "alt-f": "word-right",
  "ctrl-d": "delete-right",
  "alt-d": "cut-word-right",
  "ctrl-k": "cut-right",
  "ctrl-y": "put-back",
  "alt-v": "page-up",
  "ctrl-v": "page-down",
  "alt-<": "first",
  "alt->": "last"
}

const VI_INSERT: Table = { ...COMMON, escape: "normal-mode", "ctrl-[": "normal-mode" }

const VI_NORMAL: Table = {
  ...COMMON,
  escape: "cancel",
  q: "cancel",
  k: "up",
  j: "down",
  "ctrl-b": "page-up",
  "ctrl-f": "page-down",
  g: "first",
  G: "last",
  h: "left",
  l: "right",
  " ": "right",
  b: "word-left",
  w: "word-right",
  e: "word-right",
  "0": "home",
  "^": "home",
  $: "end",
  i: "insert-mode",
  a: "append",
  I: "insert-at-home",
  A: "append-at-end",
  "/": "append-at-end",
  x: "delete-right",
  X: "delete-left",
  D: "cut-right",
  C: "change-to-end",
  p: "put-back",
  y: "copy",
  d: "forget",
  "?": "help"
}

export const keymapOf = (style: "emacs" | "vi", own: Bindings): Keymap => {
  const insert = style === "emacs" ? EMACS : VI_INSERT
  const merge = (table: Table): Bindings => new Map<string, Action>([...Object.entries(table), ...own])
  return { insert: merge(insert), normal: merge(style === "emacs" ? EMACS : VI_NORMAL) }
}

/** The keys of an action, for the help on the screen: those that people gave first. */
export const keysOf = (bindings: Bindings, action: Action): ReadonlyArray<string> =>
  Array.from(bindings)
    .filter(([, each]) => each === action)
    .map(([name]) => name)

/**
 * What people write: `copy=ctrl-y, forget=alt-x, ctrl-o=nothing`. Action and key stand in either order, as one never is the other. What is wrong, in
 * words, where there is something.
 */
export const parseBindings = (text: string): Bindings | string => {
  const bindings = new Map<string, Action>()
  for (const piece of text.split(",").map((each) => each.trim())) {
    if (piece === "") continue
    const [left = "", right = "", ...rest] = piece.split("=").map((each) => each.trim())
    if (right === "" || rest.length > 0) return `${piece}: not an action and a key, such as copy=ctrl-y`
    const action = ACTIONS.find((each) => each === left) ?? ACTIONS.find((each) => each === right)
    if (action === undefined) {
      const near = nearest(left, ACTIONS)
      return `${piece}: there is no action ${left}${near === undefined ? "" : `; did you mean ${near}?`}`
    }
    const key = (action === left ? right : left).toLowerCase()
    if (!KEY.test(key)) return `${piece}: ${key} is no key, such as ctrl-y, alt-x, f2, page-up`
    bindings.set(key, action)
  }
  return bindings
}

/** As Keys.ts names them. Characters alone are what is looked for. */
const KEY =
  /^((ctrl-|alt-)(alt-|shift-)?([a-z0-9\\\]^_?<>.,;:!@#$%&*()[{}~'"/|+-]|space|backspace|up|down|left|right|home|end|enter|delete|page-up|page-down)|tab|shift-tab|enter|escape|backspace|delete|insert|up|down|left|right|home|end|page-up|page-down|f[1-4])$/
