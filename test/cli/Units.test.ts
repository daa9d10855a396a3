import { describe, expect, it } from "vitest"
import { bytesText, counted, durationText, momentText } from "../../src/cli/Units.ts"

describe("numbers as people read them", () => {
  it("bytes", () => {
    expect([0, 1023, 1024, 1536, 150 * 1024, 8 * 1024 ** 2, 3 * 1024 ** 4].map(bytesText)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.5 KiB",
      "150 KiB",
      "8.0 MiB",
      "3.0 TiB"
    ])
  })

  it("counts, with their noun", () => {
    expect(counted(1, "entry", "entries")).toBe("1 entry")
    expect(counted(1_234_567, "entry", "entries")).toBe("1,234,567 entries")
    expect(counted(0, "object")).toBe("0 objects")
  })

  it("durations in µs", () => {
    expect([0, 870_000, 3_210_000, 245_000_000, 7_800_000_000].map(durationText)).toEqual([
      "<1 ms",
      "870 ms",
      "3.2 s",
      "4 min 05 s",
      "2 h 10 min"
    ])
  })

  it("moments, in local time", () => {
    expect(momentText(Date.UTC(2026, 10, 22, 18, 4, 5) * 1000 + 123)).toBe("2026-11-22 18:04:05")
  })
})
