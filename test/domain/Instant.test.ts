import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import * as Instant from "../../src/domain/Instant.ts"

describe("Instant", () => {
  it("writes all six digits, in UTC", () => {
    expect(Instant.toIso(1_700_000_000_123_456)).toBe("2023-11-14T22:13:20.123456Z")
    expect(Instant.toIso(0)).toBe("1970-01-01T00:00:00.000000Z")
    expect(Instant.toIso(-1)).toBe("1969-12-31T23:59:59.999999Z")
  })

  effectIt.prop(
    "reads back what it writes",
    [fc.integer({ min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER })],
    ([instant]) => {
      expect(Instant.fromIso(Instant.toIso(instant))).toBe(instant)
    }
  )

  it("reads offsets, missing seconds and any number of digits", () => {
    const instant = 1_700_000_000_000_000
    for (const text of [
      "2023-11-14T22:13:20Z",
      "2023-11-14t23:13:20+01:00",
      "2023-11-14 16:43:20-0530",
      "2023-11-14T22:13:20,0000009Z"
    ]) {
      expect(Instant.fromIso(text)).toBe(instant)
    }
    expect(Instant.fromIso("2024-02-29T00:00Z")).toBe(Date.UTC(2024, 1, 29) * 1000)
    expect(Instant.fromIso("2023-11-14T22:13:20.5Z")).toBe(instant + 500_000)
  })

  it("reads nothing that the calendar does not have, or that names no instant", () => {
    for (const text of [
      "2023-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2023-13-01T00:00:00Z",
      "2023-04-31T00:00:00Z",
      "2023-00-01T00:00:00Z",
      "2023-01-00T00:00:00Z",
      "2023-01-01T24:00:00Z",
      "2023-01-01T00:60:00Z",
      "2023-01-01T00:00:00",
      "2023-01-01",
      "9999-01-01T00:00:00Z",
      "0023-01-01T00:00:00Z",
      ""
    ]) {
      expect(Instant.fromIso(text)).toBeNull()
    }
  })

  it("takes seconds that a history can mean", () => {
    expect(Instant.fromSeconds(1)).toBe(1_000_000)
    for (const seconds of [0, -1, 1.5, 9_007_199_255, Number.NaN]) expect(Instant.fromSeconds(seconds)).toBeNull()
  })
})
