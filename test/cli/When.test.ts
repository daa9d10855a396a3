import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseWhen } from "../../src/cli/When.ts"

/** A Sunday. */
const NOW = new Date(2026, 10, 22, 18, 30, 15).getTime() * 1000

const local = (...[year, month, day, hour = 0, minute = 0, second = 0]: ReadonlyArray<number>): number =>
  new Date(year ?? 0, (month ?? 0) - 1, day, hour, minute, second).getTime() * 1000

const reads = (rows: Readonly<Record<string, number>>) =>
  Effect.gen(function* () {
    for (const [text, expected] of Object.entries(rows)) {
      const instant = yield* parseWhen(text, NOW)
      expect(`${text}: ${new Date(instant / 1000).toISOString()}`).toBe(
        `${text}: ${new Date(expected / 1000).toISOString()}`
      )
    }
  })

describe("parseWhen", () => {
  it.effect("reads a day as its beginning, in local time", () =>
    reads({
      "2023-03-01": local(2023, 3, 1),
      "2023-03": local(2023, 3, 1),
      "2023": local(2023, 1, 1),
      today: local(2026, 11, 22),
      Yesterday: local(2026, 11, 21)
    })
  )

  it.effect("reads times, local or with an offset, to the microsecond", () =>
    reads({
      "2023-03-01 14:30": local(2023, 3, 1, 14, 30),
      "2023-03-01T14:30:05": local(2023, 3, 1, 14, 30, 5),
      "2023-03-01T14:30:05.000001": local(2023, 3, 1, 14, 30, 5) + 1,
      "2023-11-14T22:13:20Z": 1_700_000_000_000_000,
      "2023-11-14T23:13:20.5+01:00": 1_700_000_000_500_000,
      "@1700000000": 1_700_000_000_000_000,
      now: NOW
    })
  )

  it.effect("reads how long ago", () =>
    reads({
      "15m": NOW - 900_000_000,
      "1h30m": NOW - 5_400_000_000,
      "90 minutes ago": NOW - 5_400_000_000,
      "1.5h": NOW - 5_400_000_000,
      "2 weeks ago": NOW - 14 * 86_400_000_000,
      "2w": NOW - 14 * 86_400_000_000,
      " 30 sec ": NOW - 30_000_000,
      "2 hours ago": NOW - 7_200_000_000
    })
  )

  it.effect("reads what people say, in the past where they leave it open", () =>
    reads({
      "last monday": local(2026, 11, 16),
      monday: local(2026, 11, 16),
      "3 nov": local(2026, 11, 3),
      "30 nov": local(2025, 11, 30),
      "Nov 3, 2024": local(2024, 11, 3),
      "yesterday 14:00": local(2026, 11, 21, 14),
      "last friday at 3pm": local(2026, 11, 20, 15)
    })
  )

  for (const text of [
    "",
    "5",
    "soon",
    "03/04/2023",
    "1.2.2023",
    "2023-02-30",
    "2023-03-01 25:00",
    "yesterday foo",
    "monday to friday",
    "3 fortnights",
    "15m foo",
    "@17000000000000"
  ]) {
    it.effect(`does not guess at "${text}"`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(parseWhen(text, NOW))
        expect(error._tag).toBe("UsageError")
        expect(error.subject).toBe(`"${text}"`)
        expect(error.hint).toContain("2 weeks ago")
      })
    )
  }

  it.effect("never sends back to the terminal what could steer it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(parseWhen("\u001b[31mred", NOW))
      expect(error.subject).toBe('"\\x1b[31mred"')
    })
  )
})
