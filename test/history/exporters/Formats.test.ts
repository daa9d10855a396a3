import { describe, expect, it } from "vitest"
import { makeHistoryDigest } from "../../../src/domain/HistoryDigest.ts"
import * as RawText from "../../../src/domain/RawText.ts"
import { plainEntry } from "../Commands.ts"
import { exportAll, latin1 } from "../Files.ts"

const START = 1_700_000_000_123_456
const full = {
  ...plainEntry({ start: START, command: 'echo "a, b"\nls' }),
  duration: 1_500_000,
  exit: 2,
  cwd: "/w",
  session: "s",
  host: "h",
  user: "u",
  shell: "zsh"
}
const bare = plainEntry({ start: null, command: "ls" })

describe("exporters", () => {
  it("json is the documented object, one entry a line, with the digest of the entries", () => {
    const digest = makeHistoryDigest()
    digest.add(full)
    digest.add(bare)
    const text = exportAll("json", [full, bare]).toString()
    expect(text.split("\n")).toHaveLength(5)
    expect(JSON.parse(text)).toEqual({
      format: "hx-export",
      version: 1,
      digest: digest.value(),
      entries: [
        {
          id: full.id,
          command: 'echo "a, b"\nls',
          start: "2023-11-14T22:13:20.123456Z",
          duration: 1.5,
          exit: 2,
          cwd: "/w",
          session: "s",
          host: "h",
          user: "u",
          shell: "zsh",
          origin: "import:zsh"
        },
        {
          ...{ id: bare.id, command: "ls", start: null, duration: null, exit: null, cwd: null, session: null },
          ...{ host: null, user: null, shell: null, origin: "import:zsh" }
        }
      ]
    })
  })

  it("json of nothing is a backup of nothing", () => {
    expect(JSON.parse(exportAll("json", []).toString())).toEqual({
      format: "hx-export",
      version: 1,
      entries: [],
      digest: "0".repeat(64)
    })
  })

  it("jsonl is the same entries, a line each", () => {
    const { entries } = JSON.parse(exportAll("json", [full, bare]).toString()) as { entries: ReadonlyArray<unknown> }
    const lines = exportAll("jsonl", [full, bare]).toString()
    expect(lines).toBe(entries.map((each) => `${JSON.stringify(each)}\n`).join(""))
  })

  it("csv quotes as RFC 4180 has it", () => {
    expect(exportAll("csv", [full, bare]).toString()).toBe(
      "id,command,start,duration,exit,cwd,session,host,user,shell,origin\r\n" +
        `${full.id},"echo ""a, b""\nls",2023-11-14T22:13:20.123456Z,1.5,2,/w,s,h,u,zsh,import:zsh\r\n` +
        `${bare.id},ls,,,,,,,,,import:zsh\r\n`
    )
    expect(exportAll("csv", []).toString()).toBe(
      "id,command,start,duration,exit,cwd,session,host,user,shell,origin\r\n"
    )
  })

  it("the shells' formats are what the shells write", () => {
    const entries = [full, bare, plainEntry({ start: START, command: "a\\" })]
    expect(exportAll("zsh", entries).toString()).toBe(
      ': 1700000000:1;echo "a, b"\\\nls\n: 0:0;ls\n: 1700000000:0;a\\ \n'
    )
    expect(exportAll("bash", entries).toString()).toBe('#1700000000\necho "a, b"\nls\n#0\nls\n#1700000000\na\\\n')
    expect(exportAll("fish", entries).toString()).toBe(
      '- cmd: echo "a, b"\\nls\n  when: 1700000000\n- cmd: ls\n- cmd: a\\\\\n  when: 1700000000\n'
    )
  })

  it("files carry bytes that are not UTF-8 as they were, metafied for zsh", () => {
    const raw = [plainEntry({ start: null, command: RawText.fromBytes(Buffer.from([0x78, 0x83, 0xff])) })]
    expect(exportAll("bash", raw)).toEqual(latin1("#0\nx\x83\xff\n"))
    expect(exportAll("fish", raw)).toEqual(latin1("- cmd: x\x83\xff\n"))
    expect(exportAll("zsh", raw)).toEqual(latin1(": 0:0;x\x83\xa3\xff\n"))
  })
})
