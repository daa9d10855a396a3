import { describe, expect, it } from "vitest"
import { type Counts, describe as describeProgress } from "../../src/cli/ProgressBar.ts"

const counts: Counts = { objects: 0, expectedObjects: 0, skipped: 0, bytes: 0, expectedBytes: 0, roughly: false }
const MIB = 1024 ** 2

describe("what the bar says", () => {
  it("objects, bytes, rate and time left", () => {
    const half = { ...counts, objects: 3, expectedObjects: 6, bytes: 8 * MIB, expectedBytes: 16 * MIB }
    expect(describeProgress("Pushing", "entries", half, { objects: 0.75, bytes: 2 * MIB })).toBe(
      "Pushing: 3/6 entries, 8.0 MiB of 16.0 MiB, 2.0 MiB/s, 4 s left"
    )
    expect(describeProgress("Pushing", "entries", { ...half, roughly: true }, { objects: 0.75, bytes: 2 * MIB })).toBe(
      "Pushing: 3/6 entries, 8.0 MiB of about 16.0 MiB, 2.0 MiB/s, 4 s left"
    )
  })

  it("only what is known", () => {
    expect(describeProgress("Importing", "entries", { ...counts, objects: 5000 }, { objects: 2500, bytes: 0 })).toBe(
      "Importing: 5,000 entries, 2,500/s"
    )
    expect(describeProgress("Pulling", "entries", counts, { objects: 0, bytes: 0 })).toBe("Pulling: 0 entries, 0/s")
  })

  it("what takes longer, where everything has come and little of it is applied", () => {
    const fetched = { ...counts, objects: 100, expectedObjects: 1_000, bytes: MIB, expectedBytes: MIB }
    expect(describeProgress("Pulling", "entries", fetched, { objects: 50, bytes: 0 })).toBe(
      "Pulling: 100/1,000 entries, 1.0 MiB of 1.0 MiB, 50/s, 18 s left"
    )
    const coming = { ...fetched, expectedBytes: 10 * MIB }
    expect(describeProgress("Pulling", "entries", coming, { objects: 50, bytes: MIB })).toContain("18 s left")
    expect(describeProgress("Pulling", "entries", coming, { objects: 5000, bytes: MIB / 10 })).toContain(
      "1 min 30 s left"
    )
  })

  it("no time left where it would be a guess, where all is done, and where nothing moves", () => {
    const speeds = { objects: 1, bytes: 0 }
    const begun = { ...counts, objects: 1, expectedObjects: 1000 }
    expect(describeProgress("Pulling", "entries", begun, speeds)).not.toContain("left")
    const done = { ...counts, objects: 6, expectedObjects: 6 }
    expect(describeProgress("Pulling", "entries", done, speeds)).not.toContain("left")
    const stuck = { ...counts, objects: 3, expectedObjects: 6 }
    expect(describeProgress("Pulling", "entries", stuck, { objects: 0, bytes: 0 })).not.toContain("left")
  })

  it("long times in minutes", () => {
    const slow = { ...counts, objects: 10, expectedObjects: 100 }
    expect(describeProgress("Pulling", "entries", slow, { objects: 1 / 6, bytes: 0 })).toContain("9 min 00 s left")
  })
})
