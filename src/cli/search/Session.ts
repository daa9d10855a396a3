/**
 * One search from its first frame to its end: keys come in, frames go out, and between them the engine works in slices short enough that a key never
 * waits for them. Everything here is plain and synchronous; the world outside is asked through `Request`s (run/Search.ts).
 */

import type { Details, SearchSource } from "../../db/SearchSource.ts"
import { Loader } from "../../history/search/Loader.ts"
import { ALL_RUNS, type RunFilter } from "../../history/search/Runs.ts"
import { type Hit, SearchEngine } from "../../history/search/SearchEngine.ts"
import { parseSearchQuery, startingWith, wordsOf } from "../../history/search/SearchQuery.ts"
import type { Key } from "./Keys.ts"
import type { Keymap } from "./Keymap.ts"
import type { Scopes } from "./Start.ts"
import type { Scope, State } from "./State.ts"
import { inSight, type Request, update } from "./Update.ts"
import { draw, type Frame, type Glyphs, listHeight } from "./View.ts"

export interface SessionOptions {
  readonly source: SearchSource
  readonly keymap: Keymap
  readonly glyphs: Glyphs
  readonly home: string
  /** µs since 1970. */
  readonly now: () => number
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  /** The working directory's number. */
  readonly here: number
  /** What was typed is what commands begin with, the newest first; the up arrow goes back in time. */
  readonly up: boolean
}

/** Milliseconds: what a key is given before the screen shows how far it got, and what loading takes at a time. */
const ANSWER_TIME = 8
const SLICE_TIME = 4
/** Between frames while nothing but the progress of loading changes. */
const REFRESH_TIME = 200

export class Session {
  private readonly options: SessionOptions
  private readonly engine: SearchEngine
  private readonly loader: Loader
  private readonly texts = new Map<number, string>()
  private known: { readonly seq: number; readonly details: Details | undefined } | undefined
  private rows = 2_000
  private refreshed = 0
  private settled = false
  /** What was typed has not been looked for in what is not loaded yet. */
  private unfetched = false
  private size = { columns: 80, rows: 24 }
  state: State

  /** Numbers of the dictionary that each scope stands for; null: all of it. */
  private among: ReadonlyMap<Scope, RunFilter["among"]>

  constructor(state: State, among: ReadonlyMap<Scope, RunFilter["among"]>, options: SessionOptions) {
    this.options = options
    this.among = among
    this.state = state
    this.engine = new SearchEngine({ here: options.here, now: options.now(), order: options.up ? "newest" : "ranked" })
    this.loader = new Loader(options.source, this.engine)
    this.loader.first()
    this.engine.refresh()
    this.filter()
    this.look()
    this.answer()
  }

  /** Lines and columns that may be drawn on. */
  resize(columns: number, rows: number): void {
    this.size = { columns, rows }
    this.state = inSight(this.state, this.height)
  }

  get frame(): Frame {
    return draw(this.state, {
      ...this.size,
      ...this.options,
      query: this.query,
      now: this.options.now(),
      textOf: (hit) => this.textOf(hit),
      detailsOf: (hit) => this.detailsOf(hit)
    })
  }

  /** Gives what has to be done outside, if anything. */
  press(key: Key): Request | null {
    if (this.options.up && this.leavesDown(key)) return "cancel"
    const { request, state } = update(
      this.state,
      this.options.up ? swapped(key) : key,
      this.options.keymap,
      this.height
    )
    this.state = state
    if (request === "query") this.look()
    else if (request === "filter") this.filter()
    else if (request === "ask") this.ask()
    else if (request === "fit") this.state = inSight(this.state, this.height)
    else return request
    return null
  }

  /** Before a frame: as much of the answer as there is time for. */
  settle(): void {
    if (this.settled) return
    const end = this.options.clock() + ANSWER_TIME
    this.settled = this.engine.work(() => this.options.clock() > end)
    this.answer()
  }

  /** Whether there is something left to do while nobody types. */
  get busy(): boolean {
    return !this.loader.done || !this.settled
  }

  /** Does some of it; gives whether the screen may show something else now. */
  slice(): boolean {
    const began = this.options.clock()
    if (!this.settled) {
      this.settled = this.engine.work(() => this.options.clock() > began + SLICE_TIME)
      if (!this.settled) return false
      this.answer()
      return true
    }
    if (this.unfetched) {
      this.unfetched = false
      if (this.loader.fetch(wordsOf(this.query))) this.refresh()
      return false
    }
    this.loader.more(this.rows)
    const took = this.options.clock() - began
    // As many rows as fit into a slice on this machine.
    this.rows = Math.round(Math.max(100, Math.min(20_000, (this.rows * SLICE_TIME) / Math.max(took, 0.5))))
    if (!this.loader.done && began < this.refreshed + REFRESH_TIME) return false
    this.refreshed = began
    this.refresh()
    return false
  }

  /** Takes in what was recorded meanwhile: the session it belongs to, say, may be new to the dictionary. Before the first key. */
  takeRecent({ among, first }: Pick<Scopes, "among" | "first">): boolean {
    if (this.loader.recent() === 0) return false
    this.among = among
    this.state = { ...this.state, scope: this.state.scopes.includes(first) ? first : this.state.scope }
    this.filter()
    this.refresh()
    return true
  }

  get chosen(): Hit | undefined {
    return this.state.answer.hits[this.state.selected]
  }

  textOf(hit: Hit): string {
    const known = this.texts.get(hit.command)
    if (known !== undefined) return known
    if (this.texts.size > MOST_TEXTS) this.texts.clear()
    const text = this.options.source.texts([hit.command])[0]?.[1] ?? ""
    this.texts.set(hit.command, text)
    return text
  }

  detailsOf(hit: Hit): Details | undefined {
    if (this.known?.seq !== hit.seq) this.known = { seq: hit.seq, details: this.options.source.details(hit.seq) }
    return this.known.details
  }

  tell(notice: string): void {
    this.state = { ...this.state, notice, asking: null }
  }

  /** It was forgotten. */
  drop(hit: Hit): void {
    this.texts.delete(hit.command)
    this.known = undefined
    this.engine.drop(hit.command)
    this.settled = false
    this.settle()
  }

  private get query() {
    const { text } = this.state.line
    return this.options.up ? startingWith(text) : parseSearchQuery(text)
  }

  private get height(): number {
    return listHeight(this.state, this.size.rows)
  }

  private refresh(): void {
    this.engine.refresh()
    this.settled = false
  }

  private look(): void {
    const { query } = this
    this.engine.setQuery(query)
    this.settled = false
    this.unfetched = true
    this.state = { ...this.state, problem: query.problem, selected: 0, top: 0 }
  }

  private filter(): void {
    const among = this.among.get(this.state.scope) ?? null
    const everything = among === null && this.state.ended === "any"
    this.engine.setFilter(everything ? ALL_RUNS : { among, ended: this.state.ended })
    this.settled = false
  }

  private answer(): void {
    const answer = this.engine.answer()
    const selected = Math.max(0, Math.min(this.state.selected, answer.hits.length - 1))
    const state = { ...this.state, answer, selected, commands: this.engine.commands, loaded: this.loader.done }
    this.state = inSight(state, this.height)
  }

  private ask(): void {
    const { chosen } = this
    if (chosen === undefined) return
    this.state = { ...this.state, asking: { count: chosen.count } }
  }

  /** Down from the newest leads back to the line. */
  private leavesDown(key: Key): boolean {
    return this.options.keymap[this.state.mode].get(key.name) === "down" && this.state.selected === 0
  }
}

const MOST_TEXTS = 2_000

const OTHER: Readonly<Record<string, string>> = { up: "down", down: "up", "ctrl-p": "ctrl-n", "ctrl-n": "ctrl-p" }

/** One further up is one further back, as at the prompt. */
const swapped = (key: Key): Key => ({ ...key, name: OTHER[key.name] ?? key.name })
