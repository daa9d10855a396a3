import { describe, expect, it } from "vitest"
import { latin1, parse, summary } from "../Files.ts"

describe("fish", () => {
  it("reads commands with and without a time, and not the paths", () => {
    expect(
      summary("fish", "- cmd: ls\n  when: 1700000000\n  paths:\n    - a\n- cmd: pwd\n- cmd: cd\n  when: 1700000001\n")
    ).toEqual([[1_700_000_000, "ls"], "pwd", [1_700_000_001, "cd"]])
  })

  it("decodes its two escapes in one pass", () => {
    expect(summary("fish", "- cmd: a\\nb\\\\n \\\\\\\\ \\x \\\n")).toEqual(["a\nb\\n \\\\ \\x \\"])
  })

  it("takes one space for its own", () => {
    expect(summary("fish", "- cmd:   a  \n- cmd:b\n")).toEqual(["  a  ", "b"])
  })

  it("names lines that belong to nothing, and goes on", () => {
    expect(summary("fish", "junk\n- cmd: a\n  when: x\n  exit: 3\nmore\n\n- cmd: b\n")).toEqual([
      "1: neither `- cmd:` nor something that belongs to one",
      "5: neither `- cmd:` nor something that belongs to one",
      "a",
      "b"
    ])
  })

  it("keeps carriage returns and bytes that are not UTF-8", () => {
    expect(summary("fish", latin1("- cmd: \xff\r\n"))).toEqual(["\u{10ffff}\r"])
  })

  it("drops what was cut off, as fish does", () => {
    expect(summary("fish", "- cmd: a\n- cmd: b")).toEqual(["2: the file ends inside an entry", "a"])
    expect(summary("fish", "- cmd: a\n  when: 17000")).toEqual(["2: the file ends inside an entry"])
    expect(summary("fish", "- cmd: a\n  when: 1700000000")).toEqual([[1_700_000_000, "a"]])
  })

  it("names lines with NULs, and goes on behind them", () => {
    expect(parse("fish", "- cmd: a\n\0\0- cmd: b\n  when: 1700000000\n")).toMatchObject([
      { command: "a" },
      { kind: "problem", line: 2 },
      { command: "b", start: 1_700_000_000_000_000 }
    ])
  })
})
