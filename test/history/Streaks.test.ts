import { describe, expect, it } from "vitest"
import { streaksOf } from "../../src/history/Streaks.ts"

const every = () => true

describe("streaks", () => {
  it("of nothing are none", () => {
    const none = { length: 0, first: null, last: null }
    expect(streaksOf([], 9, every)).toEqual({ longest: none, current: none })
  })

  it("are days in a row, in whatever order they come", () => {
    expect(streaksOf([5, 1, 3, 2, 6], 6, every)).toEqual({
      longest: { length: 3, first: 1, last: 3 },
      current: { length: 2, first: 5, last: 6 }
    })
  })

  it("go on until yesterday: today is not over", () => {
    expect(streaksOf([4, 5], 6, every).current.length).toBe(2)
    expect(streaksOf([4, 5], 7, every).current.length).toBe(0)
  })

  it("do not count what a wrong clock put into the future", () => {
    expect(streaksOf([5, 6, 7, 8], 6, every).current).toEqual({ length: 2, first: 5, last: 6 })
  })

  it("are not interrupted by a day that there never was", () => {
    expect(streaksOf([1, 3], 3, (day) => day !== 2).longest).toEqual({ length: 2, first: 1, last: 3 })
    expect(streaksOf([1, 3], 3, every).longest.length).toBe(1)
  })

  it("of equal length: the latest is the longest", () => {
    expect(streaksOf([1, 2, 7, 8], 20, every).longest.first).toBe(7)
  })
})
