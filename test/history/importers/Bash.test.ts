import { describe, expect, it } from "vitest"
import { latin1, parse, summary } from "../Files.ts"

describe("bash", () => {
  it("reads one command a line where there are no times", () => {
    expect(summary("bash", "ls\n\ncd /tmp\n#123\n# note\n")).toEqual(["ls", "cd /tmp", "#123", "# note"])
  })

  it("gives each command the time before it, and the line it begins on", () => {
    expect(parse("bash", "#1700000000\nls\n#1700000005\ncd\n")).toMatchObject([
      { line: 2, command: "ls", start: 1_700_000_000_000_000, duration: null },
      { line: 4, command: "cd", start: 1_700_000_005_000_000 }
    ])
  })

  it("reads up to the next time, empty lines included, but not the one bash writes after a here-document", () => {
    expect(summary("bash", "#1700000000\ncat <<EOF\na\n\nb\nEOF\n\n#1700000001\nls\n")).toEqual([
      [1_700_000_000, "cat <<EOF\na\n\nb\nEOF"],
      [1_700_000_001, "ls"]
    ])
  })

  it("keeps lines like #12345 in a here-document, and comments that were typed", () => {
    expect(summary("bash", "#1700000000\ncat <<EOF\n#12345\n#1700000001 x\nEOF\n#1700000002\n#123\n")).toEqual([
      [1_700_000_000, "cat <<EOF\n#12345\n#1700000001 x\nEOF"],
      [1_700_000_002, "#123"]
    ])
  })

  it("keeps an old time inside a here-document that is closed further down", () => {
    expect(summary("bash", "#1700000000\ncat <<'A'\n#1234567890\nx\nA\n#1700000002\nls\n")).toEqual([
      [1_700_000_000, "cat <<'A'\n#1234567890\nx\nA"],
      [1_700_000_002, "ls"]
    ])
  })

  it("takes an older time for one where the here-document is not closed before the next", () => {
    expect(summary("bash", "#1700000000\ncat <<A\nx\n#1600000000\nls\n#1700000002\ncat <<A\nA\n")).toEqual([
      [1_700_000_000, "cat <<A\nx"],
      [1_600_000_000, "ls"],
      [1_700_000_002, "cat <<A\nA"]
    ])
  })

  it("takes an older time for one outside here-documents: sessions are appended as they end", () => {
    expect(summary("bash", "#1700000000\nls\n#1600000000\npwd\n")).toEqual([
      [1_700_000_000, "ls"],
      [1_600_000_000, "pwd"]
    ])
  })

  it("restores a here-document where there are no times", () => {
    expect(summary("bash", "ls\ncat <<-EOF >x\n#123\n\n\tEOF\n\npwd\n")).toEqual([
      "ls",
      "cat <<-EOF >x\n#123\n\n\tEOF",
      "pwd"
    ])
  })

  it("leaves lines alone where the here-document was given up", () => {
    expect(summary("bash", "cat <<EOF\nls\ncat <<EOF\nx\nEOF\npwd\n")).toEqual([
      "cat <<EOF",
      "ls",
      "cat <<EOF\nx\nEOF",
      "pwd"
    ])
    expect(summary("bash", "cat <<A <<B\nls\nA\npwd\n")).toEqual(["cat <<A <<B", "ls", "A", "pwd"])
    expect(summary("bash", `cat <<EOF\n${"ls\n".repeat(600)}EOF\n`)).toHaveLength(602)
  })

  it("sees no here-document in here-strings, quotes, comments and shifts", () => {
    const lines = ["cat <<<EOF", "echo '<<EOF'", 'echo "<<EOF"', "ls # <<EOF", "echo \\<<EOF", "EOF"]
    expect(summary("bash", `${lines.join("\n")}\n`).slice(0, 4)).toEqual(lines.slice(0, 4))
  })

  it("reads plain lines before the first time one by one", () => {
    expect(summary("bash", "a\nb\n#1700000000\nc\nd\n")).toEqual(["a", "b", [1_700_000_000, "c\nd"]])
  })

  it("takes #0 for an unknown time", () => {
    expect(summary("bash", "#0\na\nb\n#1700000000\nc\n")).toEqual(["a\nb", [1_700_000_000, "c"]])
  })

  it("drops times without a command", () => {
    expect(summary("bash", "#1700000000\n#1700000001\nx\n#1700000002\n")).toEqual([[1_700_000_001, "x"]])
  })

  it("takes DOS line ends off, and only those", () => {
    expect(summary("bash", "#1700000000\r\nls\r\n")).toEqual([[1_700_000_000, "ls"]])
    expect(summary("bash", "#1700000000\nls\r\n")).toEqual([[1_700_000_000, "ls\r"]])
  })

  it("keeps bytes that are not UTF-8", () => {
    expect(summary("bash", latin1("echo \xff\n"))).toEqual(["echo \u{10ffff}"])
  })

  it("names lines with NULs, and goes on behind them", () => {
    expect(summary("bash", "#1700000000\nls\n\0\0#1700000001\npwd\n")).toEqual([
      [1_700_000_000, "ls"],
      "3: NUL bytes, as a crash leaves them in a file",
      [1_700_000_001, "pwd"]
    ])
  })

  it("passes over a command that nobody typed", () => {
    const lines = `#1700000000\n${`${"x".repeat(1023)}\n`.repeat(5 * 1024)}#1700000001\nls\n`
    expect(summary("bash", lines)).toEqual(["2: a command of more than 4 MiB", [1_700_000_001, "ls"]])
  })
})
