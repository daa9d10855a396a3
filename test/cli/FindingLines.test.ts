import { describe, expect, it } from "vitest"
import { type FindingLine, findingLines } from "../../src/cli/FindingLines.ts"
import type { OutputService } from "../../src/cli/Output.ts"

const FINDING = {
  mark: "failed",
  title: "conditional write",
  millis: 12,
  detail: "the store accepts a second object of the same name, as it must not",
  cure: "Use another store, or a newer version of its server."
} as const

const lines = (columns: number, terminal = true, timed = true, finding: FindingLine = FINDING) => {
  const output = { terminal, columns, styled: (_: string, text: string) => text } as unknown as OutputService
  return findingLines(finding, output, timed).split("\n")
}

describe("a finding", () => {
  it("is told beside its name where a terminal has room", () => {
    expect(lines(100)).toEqual([
      "failed  conditional write    12 ms  the store accepts a second object of the same name, as it must",
      "                                    not",
      "                                    Use another store, or a newer version of its server."
    ])
  })

  it("is told below it in a narrow one, within the width", () => {
    expect(lines(50)).toEqual([
      "failed  conditional write    12 ms",
      "    the store accepts a second object of the same",
      "    name, as it must not",
      "    Use another store, or a newer version of its",
      "    server."
    ])
    expect(lines(50, true, false)[0]).toBe("failed  conditional write")
    const short = { mark: "ok", title: "list", millis: 8, detail: "2 published" } as const
    expect(lines(50, true, true, short)).toEqual(["ok      list                  8 ms  2 published"])
  })

  it("keeps what it says in one line for other programs", () => {
    expect(lines(50, false)).toHaveLength(2)
  })
})
