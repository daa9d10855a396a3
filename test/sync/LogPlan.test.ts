import { describe, expect, it } from "@effect/vitest"
import { planLog } from "../../src/sync/LogPlan.ts"

const segment = (first: number, last: number, chain: string) => ({ first, last, chain })
const manifest = { last: 120, chain: "t", segments: [segment(1, 50, "a"), segment(51, 100, "b")] }

describe("what to fetch of a log", () => {
  it("everything, the first time", () => {
    expect(planLog([], [], manifest)).toEqual({ restart: false, segments: manifest.segments, tail: true })
  })

  it("nothing, where all has been passed", () => {
    const passed = [
      { at: 50, chain: "a" },
      { at: 100, chain: "b" },
      { at: 120, chain: "t" }
    ]
    expect(planLog(passed, [{ first: 1, last: 120 }], manifest)).toEqual({ restart: false, segments: [], tail: false })
  })

  it("a segment that a hole lies in, though its end was passed", () => {
    const passed = [{ at: 100, chain: "b" }]
    const plan = planLog(
      passed,
      [
        { first: 1, last: 60 },
        { first: 80, last: 120 }
      ],
      manifest
    )
    expect(plan.segments).toEqual([segment(1, 50, "a"), segment(51, 100, "b")])
  })

  it("a segment within known numbers whose end is no boundary we know", () => {
    const plan = planLog([{ at: 50, chain: "a" }], [{ first: 1, last: 120 }], manifest)
    expect(plan).toEqual({ restart: false, segments: [segment(51, 100, "b")], tail: true })
  })

  it("everything again, where a boundary we passed carries another hash", () => {
    const plan = planLog([{ at: 50, chain: "z" }], [{ first: 1, last: 120 }], manifest)
    expect(plan).toEqual({ restart: true, segments: manifest.segments, tail: true })
  })

  it("only the tail, where a merge removed boundaries and the rest is known", () => {
    const merged = { last: 130, chain: "u", segments: [segment(1, 100, "b")] }
    const passed = [
      { at: 50, chain: "a" },
      { at: 100, chain: "b" },
      { at: 120, chain: "t" }
    ]
    expect(planLog(passed, [{ first: 1, last: 120 }], merged)).toEqual({ restart: false, segments: [], tail: true })
  })
})
