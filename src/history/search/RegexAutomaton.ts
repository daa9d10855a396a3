/**
 * An automaton for a regular expression, after Thompson (1968): all ways through the expression are gone at once, and sets of places in it become the
 * states of a deterministic automaton when they are first met. Each character is read once, whatever the expression is.
 *
 * Two bounds: an expression that is larger than PLACES when its repetitions are written out is refused, and where there are more than STATES states,
 * those known are thrown away and made anew as they are needed. So a character costs PLACES steps at the very most.
 */

import type { Assertion, Node, Ranges } from "./RegexParser.ts"

export interface Automaton {
  readonly test: (text: string) => boolean
}

const PLACES = 1_000
const STATES = 2_000

/** A place reads a character of a set, or leads to others without reading. */
type Place =
  | { readonly kind: "set"; readonly ranges: Ranges; readonly next: number }
  | { readonly kind: "split"; readonly next: Array<number> }
  | { readonly kind: "assertion"; readonly what: Assertion; readonly next: number }
  | { readonly kind: "match" }

interface State {
  /** Places that read, and MATCH where it has matched; in ascending order. */
  readonly places: ReadonlyArray<number>
  readonly matched: boolean
  /** Whether it matches where the text ends here. */
  readonly matchedAtEnd: boolean
  /** By class of the next character. */
  readonly next: Array<State | undefined>
}

/** Or why there is none, in words. */
export const makeAutomaton = (node: Node): Automaton | string => {
  const places: Array<Place> = [{ kind: "match" }]
  const add = (place: Place): number => {
    if (places.length >= PLACES) throw new TooLarge()
    return places.push(place) - 1
  }
  let start: number
  try {
    start = compile(node, 0, add)
  } catch (error) {
    if (error instanceof TooLarge) return "an expression that is too large"
    throw error
  }
  const { classOf, isWord, representatives } = classesOf(places)

  /** What can be reached from these places without reading, between two characters of which one may be a letter or an end. */
  const closure = (from: ReadonlyArray<number>, before: Side, after: Side): Set<number> => {
    const reached = new Set<number>()
    const open = [...from]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached.has(index)) continue
      reached.add(index)
      const place = places[index]!
      if (place.kind === "split") open.push(...place.next)
      else if (place.kind === "assertion" && holds(place.what, before, after)) open.push(place.next)
    }
    return reached
  }

  const states = new Map<string, State>()
  let first: State | undefined
  const stateOf = (from: ReadonlyArray<number>, before: Side): State => {
    const key = `${before}:${from.join(",")}`
    const known = states.get(key)
    if (known !== undefined) return known
    if (states.size >= STATES) {
      states.clear()
      first = undefined
    }
    const state: State = {
      places: from,
      matched: from.includes(0),
      matchedAtEnd: closure(from, before, "edge").has(0),
      next: []
    }
    states.set(key, state)
    return state
  }

  const step = (state: State, before: Side, kind: number): State => {
    const after: Side = isWord[kind] === true ? "word" : "other"
    const reached = closure(state.places, before, after)
    if (reached.has(0)) return stateOf([0], after)
    const following = new Set<number>([start])
    for (const index of reached) {
      const place = places[index]!
      if (place.kind === "set" && includes(place.ranges, representatives[kind]!)) following.add(place.next)
    }
    return stateOf(
      Array.from(following).sort((a, b) => a - b),
      after
    )
  }

  return {
    test: (text) => {
      first ??= stateOf([start], "edge")
      let state = first
      let before: Side = "edge"
      for (let index = 0; index < text.length; index++) {
        if (state.matched) return true
        const kind = classOf(text.charCodeAt(index))
        let next = state.next[kind]
        if (next === undefined) {
          next = step(state, before, kind)
          state.next[kind] = next
        }
        state = next
        before = isWord[kind] === true ? "word" : "other"
      }
      return state.matched || state.matchedAtEnd
    }
  }

  function classesOf(all: ReadonlyArray<Place>) {
    const bounds = new Set<number>([0, 48, 58, 65, 91, 95, 96, 97, 123])
    for (const place of all) {
      if (place.kind !== "set") continue
      for (const [low, high] of place.ranges) bounds.add(low).add(high + 1)
    }
    const sorted = Array.from(bounds)
      .filter((bound) => bound <= 0xffff)
      .sort((a, b) => a - b)
    const table = new Uint16Array(0x10000)
    let kind = 0
    for (let code = 0; code < table.length; code++) {
      if (sorted[kind + 1] === code) kind++
      table[code] = kind
    }
    return {
      classOf: (code: number): number => table[code]!,
      representatives: sorted,
      isWord: sorted.map((code) => includes(WORD, code))
    }
  }
}

class TooLarge extends Error {}

/** What stands on a side of a place between characters. */
type Side = "edge" | "word" | "other"

const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122]
]

const holds = (what: Assertion, before: Side, after: Side): boolean => {
  switch (what) {
    case "start":
      return before === "edge"
    case "end":
      return after === "edge"
    case "boundary":
      return (before === "word") !== (after === "word")
    case "inside":
      return (before === "word") === (after === "word")
  }
}

const includes = (ranges: Ranges, code: number): boolean => ranges.some(([low, high]) => low <= code && code <= high)

/** Adds the places of a node that go on at `next`; gives the one where it begins. */
const compile = (node: Node, next: number, add: (place: Place) => number): number => {
  switch (node.kind) {
    case "set":
      return add({ kind: "set", ranges: node.ranges, next })
    case "assertion":
      return add({ kind: "assertion", what: node.what, next })
    case "sequence":
      return node.nodes.reduceRight((after, each) => compile(each, after, add), next)
    case "choice":
      return add({ kind: "split", next: node.nodes.map((each) => compile(each, next, add)) })
    case "repeat": {
      let after = next
      if (node.most === Infinity) {
        const loop: Array<number> = [next]
        after = add({ kind: "split", next: loop })
        loop.push(compile(node.node, after, add))
      } else {
        for (let count = node.least; count < node.most; count++) {
          after = add({ kind: "split", next: [next, compile(node.node, after, add)] })
        }
      }
      for (let count = 0; count < node.least; count++) after = compile(node.node, after, add)
      return after
    }
  }
}
