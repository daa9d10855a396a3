import { describe, expect, it } from "vitest"
import type { RunRow, SearchSource } from "../../../src/db/SearchSource.ts"
import { Loader } from "../../../src/history/search/Loader.ts"
import { SearchEngine } from "../../../src/history/search/SearchEngine.ts"
import { parseSearchQuery } from "../../../src/history/search/SearchQuery.ts"

const TEXTS = new Map([...Array(40).keys()].map((id) => [id + 1, `command number-${id + 1}`]))
/** Times do not follow the order in which rows were taken in, as after a pull; some are not known. */
const ROWS = Array.from({ length: 3_000 }, (_, index): RunRow => {
  const start = index % 13 === 0 ? null : ((index * 7919) % 3_001) * 1e6
  return [index + 1, index < 20 ? 40 : 1 + (index % 39), null, null, null, 0, start]
})
const byTime = (a: RunRow, b: RunRow) => (b[6] ?? -1) - (a[6] ?? -1) || b[0] - a[0]

const nothing = () => {
  throw new Error("nobody asks for that here")
}
const source: SearchSource = {
  newest: (limit) => [...ROWS].sort(byTime).slice(0, limit),
  before: (seq, limit) =>
    ROWS.filter(([each]) => each < seq)
      .toReversed()
      .slice(0, limit),
  after: (seq, limit) => ROWS.filter(([each]) => each > seq).slice(0, limit),
  holding: (words, most) => {
    const found = Array.from(TEXTS).filter(([, text]) => words.every((word) => text.includes(word)))
    return found.length > most ? undefined : found.map(([id]) => id)
  },
  runsOf: (commands, limit) => ROWS.filter(([, command]) => commands.includes(command)).slice(0, limit),
  texts: (commands) => commands.map((id) => [id, TEXTS.get(id)!] as const),
  details: nothing,
  term: nothing,
  termsUnder: nothing,
  ranHere: nothing,
  idsOf: nothing
}

describe("the history is loaded", () => {
  it("with every run counted once, whatever was fetched before its turn", () => {
    const engine = new SearchEngine({ here: 0, now: 4_000e6, order: "ranked" })
    const loader = new Loader(source, engine)
    loader.first()
    const known = engine.has(40)
    loader.more(100)
    expect(loader.fetch(["number-40"])).toBe(!known)
    expect(engine.has(40)).toBe(true)
    expect(loader.fetch(["number-40"])).toBe(false)
    while (!loader.done) loader.more(700)
    engine.refresh()
    while (!engine.work(() => true));
    const { hits, total } = engine.answer()
    expect(total).toBe(40)
    const counted = new Map(hits.map(({ command, count }) => [command, count]))
    for (const id of TEXTS.keys()) expect(counted.get(id)).toBe(ROWS.filter(([, command]) => command === id).length)
    expect(loader.recent()).toBe(0)
    engine.setQuery(parseSearchQuery("number-40"))
    while (!engine.work(() => true));
    expect(engine.answer().total).toBe(1)
  })
})
