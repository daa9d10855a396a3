import { describe, expect, it } from "vitest"
import { describe as describeProgress } from "../../src/cli/ProgressBar.ts"

const counts = { objects: 0, expectedObjects: 0, bytes: 0, expectedBytes: 0 }

describe("what the bar says", () => {
  it("objects, bytes, rate and time left", () => {
    const half = { objects: 3, expectedObjects: 6, bytes: 8 * 1024 ** 2, expectedBytes: 16 * 1024 ** 2 }
    expect(describeProgress("Pushing", "segments", half, 4)).toBe(
      "Pushing: 3/6 segments, 8.0 MiB of 16.0 MiB, 2.0 MiB/s, 4 s left"
    )
  })

  it("only what is known", () => {
    expect(describeProgress("Importing", "entries", { ...counts, objects: 5000 }, 2)).toBe(
      "Importing: 5,000 entries, 2,500/s"
    )
    expect(describeProgress("Pulling", "segments", counts, 0)).toBe("Pulling: 0 segments")
  })

  it("no time left where it would be a guess, or where all is done", () => {
    const begun = { ...counts, objects: 1, expectedObjects: 1000 }
    expect(describeProgress("Pulling", "segments", begun, 1)).not.toContain("left")
    const done = { ...counts, objects: 6, expectedObjects: 6 }
    expect(describeProgress("Pulling", "segments", done, 1)).not.toContain("left")
  })

  it("long times in minutes", () => {
    const slow = { ...counts, objects: 10, expectedObjects: 100 }
    expect(describeProgress("Pulling", "segments", slow, 60)).toContain("9 min 00 s left")
  })
})
