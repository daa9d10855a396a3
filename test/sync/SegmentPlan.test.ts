import { describe, expect, it } from "@effect/vitest"
import {
  FAN_IN,
  planSegments,
  type Rewrite,
  type SegmentExtent,
  segmentLimits,
  type Step
} from "../../src/sync/SegmentPlan.ts"
import { DEFAULT_TUNING } from "../../src/sync/SyncTuning.ts"

const KIB = 1024
const MIB = 1024 * KIB

/** Segments of these sizes, 100 operations each, sealed to an eighth. */
const segments = (...sizes: ReadonlyArray<number>): ReadonlyArray<SegmentExtent> =>
  sizes.map((size, index) => ({ first: index * 100 + 1, last: (index + 1) * 100, size, sealed: size / 8 }))

const plan = (log: ReadonlyArray<SegmentExtent>, rewrite: (each: SegmentExtent) => Rewrite, segmentSize = 8 * MIB) =>
  planSegments(log, rewrite, segmentLimits({ ...DEFAULT_TUNING, segmentSize }))

const outline = (steps: ReadonlyArray<Step<SegmentExtent>>) =>
  steps.map((step) =>
    step._tag === "Keep" ? `${step.segment.first}-${step.segment.last}` : `${step.first}+${step.last}`
  )

const keep = () => "no" as const

describe("which segments stay", () => {
  it("all of them, while there are few", () => {
    expect(outline(plan(segments(100 * KIB, 100 * KIB), keep))).toEqual(["1-100", "101-200"])
  })

  it("a purged one is rewritten with its own bounds, at once; a missing one too, without haste", () => {
    const steps = plan(segments(MIB, MIB, MIB), (each) =>
      each.first === 101 ? "purged" : each.first === 201 ? "missing" : "no"
    )
    expect(outline(steps)).toEqual(["1-100", "101+200", "201+300"])
    expect(steps.map((step) => step._tag === "Build" && step.purges)).toEqual([false, true, false])
  })

  it(`${FAN_IN} small neighbours become one`, () => {
    const small = Array.from({ length: FAN_IN }, () => 100 * KIB)
    expect(outline(plan(segments(16 * MIB, ...small), keep))).toEqual(["1-100", "101+900"])
  })

  it("none outgrows what a segment may hold", () => {
    const large = Array.from({ length: FAN_IN }, () => 20 * MIB)
    expect(outline(plan(segments(...large), keep))).toHaveLength(FAN_IN)
  })

  it("none is made that would be cut apart again, since it is over HX_SYNC_SEGMENT_SIZE", () => {
    const small = segments(...Array.from({ length: FAN_IN }, () => 400 * KIB))
    expect(outline(plan(small, keep, FAN_IN * 50 * KIB))).toEqual(["1+800"])
    expect(outline(plan(small, keep, FAN_IN * 50 * KIB - 1))).toHaveLength(FAN_IN)
  })

  it("years of small pushes stay few segments, and each byte is rewritten a few times only", () => {
    let log: ReadonlyArray<SegmentExtent> = []
    let rewritten = 0
    let most = 0
    const pushes = 10_000
    for (let push = 0; push < pushes; push++) {
      const end = log.at(-1)?.last ?? 0
      const steps = plan(log, keep)
      log = steps.map((step) => {
        if (step._tag === "Keep") return step.segment
        const size = step.replaced.reduce((sum, each) => sum + each.size, 0)
        rewritten += size
        return { first: step.first, last: step.last, size, sealed: size / 8 }
      })
      log = [...log, { first: end + 1, last: end + 100, size: 400 * KIB, sealed: 50 * KIB }]
      most = Math.max(most, log.length)
    }
    const total = pushes * 400 * KIB
    // Full segments hold 28 MiB and more; beside them at most FAN_IN per level of three.
    expect(most).toBeLessThan(total / (20 * MIB) + 3 * FAN_IN)
    expect(rewritten / total).toBeLessThan(3)
  })
})
