import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import {
  LONGEST_QUERY,
  narrows,
  parseSearchQuery,
  startingWith,
  type Term
} from "../../../src/history/search/SearchQuery.ts"

const short = (term: Term): string =>
  `${term.negated ? "not " : ""}${term.kind === "regex" ? `regex ${term.source}` : `${term.fuzzy ? "fuzzy " : ""}${term.place} ${term.text}`}`

const parsed = (typed: string): ReadonlyArray<string> => parseSearchQuery(typed).terms.map(short)

describe("what is typed into a search", () => {
  it.each([
    ["", []],
    ["  git   push ", ["fuzzy anywhere git", "fuzzy anywhere push"]],
    ["GIT", ["fuzzy anywhere git"]],
    ['"git push" -f', ["anywhere git push", "fuzzy anywhere -f"]],
    ["git\\ push", ["fuzzy anywhere git push"]],
    ["'push", ["anywhere push"]],
    ["^git", ["start git"]],
    ["main$", ["end main"]],
    ["^ls$", ["whole ls"]],
    ["!force", ["not anywhere force"]],
    ["!^git !main$ !'x", ["not start git", "not end main", "not anywhere x"]],
    ["/v\\d+/", ["regex v\\d+"]],
    ["!/v\\d+/ git", ["not regex v\\d+", "fuzzy anywhere git"]],
    ["/etc/nginx", ["fuzzy anywhere /etc/nginx"]],
    ["$HOME", ["fuzzy anywhere $home"]],
    ["cost\\$", ["fuzzy anywhere cost$"]],
    ["c:\\dir", ["fuzzy anywhere c:\\dir"]]
  ])("%j is %j", (typed, terms) => expect(parsed(typed)).toEqual(terms))

  it.each(["!", "^", "'", "!^", "!'", "//", "git !"])("hides nothing while %j goes on", (typed) =>
    expect(parsed(typed).filter((term) => !/git|\/\//.test(term))).toEqual([])
  )

  it("says what is wrong with an expression, and goes on with the rest", () => {
    const query = parseSearchQuery("/(a/ git")
    expect(query.problem).toBe("a ( without its )")
    expect(query.terms.map(short)).toEqual(["fuzzy anywhere git"])
  })

  it.effect.prop(
    "never throws, and what is pasted does not make it longer",
    [fc.string({ unit: "binary" })],
    ([text]) =>
      Effect.sync(() => {
        expect(parseSearchQuery(text).terms.length).toBeLessThanOrEqual(32)
        expect(startingWith(text).problem).toBeNull()
        const long = parseSearchQuery(text.padEnd(LONGEST_QUERY * 3, "a/ ^"))
        expect(long.whole.length).toBeLessThanOrEqual(LONGEST_QUERY * 3)
      })
  )
})

describe("a query narrows another", () => {
  it.each([
    ["", "g", true],
    ["g", "gi", true],
    ["gi", "g", false],
    ["git", "git push", true],
    ["git push", "git", false],
    ["^gi", "^git", true],
    ["t$", "it$", false],
    ["!a", "!ab", false],
    ["!a", "!a b", true],
    ["git", "'git", false],
    ["/a/", "/a/ b", true],
    ["/a/", "/ab/", false]
  ])("%j, then %j: %j", (before, next, expected) =>
    expect(narrows(parseSearchQuery(before), parseSearchQuery(next))).toBe(expected)
  )
})
