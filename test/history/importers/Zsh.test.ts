import { describe, expect, it } from "vitest"
import * as RawText from "../../../src/domain/RawText.ts"
import { latin1, parse, summary } from "../Files.ts"

describe("zsh", () => {
  it("reads start, elapsed seconds and command of extended history", () => {
    expect(parse("zsh", ": 1700000000:5;make test\n")).toEqual([
      { kind: "command", line: 1, command: "make test", start: 1_700_000_000_000_000, duration: 5_000_000 }
    ])
  })

  it("takes elapsed 0 for unknown: zsh writes it when it does not know", () => {
    expect(parse("zsh", ": 1700000000:0;ls\n")).toMatchObject([{ duration: null }])
  })

  it("takes time 0 for unknown, and drops an elapsed time that went backwards", () => {
    expect(parse("zsh", ": 0:0;ls\n: 1700000000:-3;pwd\n")).toMatchObject([
      { start: null },
      { start: 1_700_000_000_000_000, duration: null }
    ])
  })

  it("reads plain history, in which a leading colon is protected", () => {
    expect(summary("zsh", "ls\n\\: > file\n: > other\n")).toEqual(["ls", ": > file", ": > other"])
  })

  it("joins lines that end in a backslash, one backslash per newline", () => {
    expect(summary("zsh", ": 1700000000:0;for i\\\ndo\\\\\ndone\\\n\\\n!\n")).toEqual([
      [1_700_000_000, "for i\ndo\\\ndone\n\n!"]
    ])
  })

  it("takes away the one space that protects a trailing backslash", () => {
    expect(summary("zsh", "a\\ \nb\\\\ \nc\\  \nd  \n")).toEqual(["a\\", "b\\\\", "c\\ ", "d  "])
  })

  it("keeps a backslash and spaces before a newline inside a command", () => {
    expect(summary("zsh", "echo \\ \\\nx\n")).toEqual(["echo \\ \nx"])
  })

  it("undoes metafication", () => {
    expect(summary("zsh", latin1("\xe2\x83\xa6\xa4\n"))).toEqual([RawText.fromBytes(Buffer.from([0xe2, 0x86, 0xa4]))])
    expect(summary("zsh", latin1("\xf0\x83\xbf\x83\xb8\x80\n"))).toEqual(["😀"])
  })

  it("leaves text alone that was never metafied", () => {
    expect(summary("zsh", "ls путь\nテスト\n")).toEqual(["ls путь", "テスト"])
  })

  it("keeps carriage returns, tabs and bytes that are not UTF-8", () => {
    expect(summary("zsh", latin1("a\tb\r\n\xff\n"))).toEqual(["a\tb\r", "\u{10ffff}"])
  })

  it("skips empty lines and blank commands without a word", () => {
    expect(summary("zsh", "\n: 1700000000:0;\n: 1700000000:0;  \nls\n")).toEqual(["ls"])
  })

  it("reads a last line without a newline", () => {
    expect(summary("zsh", ": 1700000000:0;ls")).toEqual([[1_700_000_000, "ls"]])
  })

  it("names a file that ends inside a command, as zsh drops it", () => {
    expect(summary("zsh", "ls\nfor\\\n")).toEqual(["ls", "2: the file ends inside a command"])
  })

  it("names lines with NULs, and goes on behind them", () => {
    expect(summary("zsh", "ls\nfor\\\n\0\0\0\0\0: 1700000000:0;pwd\nx\0y\ncd\n")).toEqual([
      "ls",
      "2: the command breaks off",
      "3: NUL bytes, as a crash leaves them in a file",
      [1_700_000_000, "pwd"],
      "4: NUL bytes, as a crash leaves them in a file",
      "cd"
    ])
  })

  it("refuses a command that holds a NUL", () => {
    expect(summary("zsh", latin1("a\x83\x20b\n"))).toEqual(["1: a NUL byte in the command"])
  })

  it("passes over a line, and over a command of many lines, that nobody typed", () => {
    const endless = Buffer.concat([Buffer.alloc(33 * 1024 * 1024, "x"), Buffer.from("\nls\n")])
    expect(summary("zsh", endless)).toEqual(["1: an endless line", "ls"])
    expect(parse("zsh", endless, [32 * 1024 * 1024 + 1, 33 * 1024 * 1024])).toEqual(parse("zsh", endless))
    const lines = `${`${"x".repeat(1023)}\\\n`.repeat(5 * 1024)}end\nls\n`
    expect(summary("zsh", lines)).toEqual(["1: a command of more than 4 MiB", "ls"])
  })

  it("takes times that no clock shows for unknown", () => {
    expect(parse("zsh", ": 999999999999:0;ls\n")).toMatchObject([{ start: null, command: "ls" }])
  })
})
