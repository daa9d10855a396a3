import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Ranking } from "../../src/history/Ranking.ts"

it("a ranking has what sorting everything and cutting it would give", () => {
  const named = fc.uniqueArray(
    fc.record({ value: fc.string({ maxLength: 3 }), count: fc.integer({ min: 1, max: 5 }) }),
    {
      selector: ({ value }) => value
    }
  )
  fc.assert(
    fc.property(named, fc.nat(6), (all, size) => {
      const ranking = new Ranking(size)
      for (const one of all) if (ranking.admits(one.count)) ranking.offer(one)
      const sorted = all.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      expect(ranking.list).toEqual(sorted.slice(0, size))
    })
  )
})
