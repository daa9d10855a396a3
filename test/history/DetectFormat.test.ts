import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { detectFormat, SAMPLE_SIZE } from "../../src/history/DetectFormat.ts"
import { entry, shellEntry, command } from "./Commands.ts"
import { exportAll, latin1 } from "./Files.ts"

const detect = (text: string | Uint8Array, name?: string): string => {
  const detected = detectFormat(typeof text === "string" ? Buffer.from(text) : text, name)
  return detected.kind === "history" ? detected.format : detected.why
}

describe("detectFormat", () => {
  it("knows each format by its own marks, whatever the file is called", () => {
    expect(detect(": 1700000000:0;ls\n", ".bash_history")).toBe("zsh")
    expect(detect("#1700000000\nls\n", ".zsh_history")).toBe("bash")
    expect(detect("- cmd: ls\n  when: 1700000000\n")).toBe("fish")
    expect(detect('{"format":"hx-export","version":1,"entries":[\n')).toBe("json")
    expect(detect('{\n  "digest": "x",\n  "entries": [')).toBe("json")
    expect(detect('{"id":null,"command":"ls"}\n{"command":"cd"}\n')).toBe("jsonl")
    expect(detect('{"command":"ls"}')).toBe("jsonl")
  })

  it("goes by what prevails: a few odd lines, a damaged head, a multi-line command do not mislead it", () => {
    expect(detect("ls\ncd\n#1700000000\nmake\n")).toBe("bash")
    expect(detect("#1700000000\ncat <<EOF\n: 1:1;x\nEOF\n#1700000001\nls\n")).toBe("bash")
    expect(detect(`\0\0\0\0\n: 1700000000:0;a\\\n${"x\\\n".repeat(50)}b\n`)).toBe("zsh")
  })

  it("tells plain files by name, else by what only zsh escapes", () => {
    expect(detect("ls\n", "/home/me/.zsh_history")).toBe("zsh")
    expect(detect("ls\n", ".histfile")).toBe("zsh")
    expect(detect("ls\\\nx\n", ".bash_history")).toBe("bash")
    expect(detect("ls\ncd\n")).toBe("bash")
    expect(detect("for i in 1\\\ndo\\\ndone\n")).toBe("zsh")
    expect(detect("\\: > x\n")).toBe("zsh")
    expect(detect(latin1("echo \xe2\x83\xa6\xa4\n"))).toBe("zsh")
    expect(detect("cat <<EOF\nRUN a \\\n b\nEOF\n")).toBe("bash")
    expect(detect("ls путь\n")).toBe("bash")
    expect(detect("")).toBe("bash")
  })

  it("takes shell commands that begin with a brace or bracket for commands", () => {
    expect(detect("{ ls; }\n")).toBe("bash")
    expect(detect("[ -f x ] && ls\n")).toBe("bash")
    expect(detect("[[ -f x ]] && ls\n{ echo; }\n")).toBe("bash")
  })

  it("says what a file is that holds no history", () => {
    expect(detect(Buffer.from("SQLite format 3\0\x10\0"))).toContain("SQLite")
    expect(detect(gzipSync("ls\n"))).toContain("gzip")
    expect(detect(Buffer.alloc(4096))).toContain("NUL")
    expect(detect(Buffer.from([0xff, 0xfe, 0x6c, 0, 0x73, 0]))).toContain("UTF-16")
    expect(detect(latin1("\x7fELF\x02\x01"))).toContain("program")
    expect(detect(latin1("\x01\x02\x03abc\x04\x05\n\x06\x07"))).toContain("binary")
    expect(detect('{"name":"x"}')).toContain("JSON")
    expect(detect(exportAll("csv", []))).toContain("CSV")
    expect(detect('[{"command":"x"}]')).toContain("JSON")
    expect(detect('{\n  "name": "x",\n')).toContain("JSON")
  })

  effectIt.prop(
    "finds the format of what was exported",
    [fc.array(entry, { minLength: 1, maxLength: 5 })],
    ([entries]) => {
      expect(detect(exportAll("json", entries))).toBe("json")
      expect(detect(exportAll("jsonl", entries))).toBe("jsonl")
    }
  )

  effectIt.prop(
    "never fails, whatever the bytes",
    [fc.uint8Array({ maxLength: 200 }), shellEntry(command)],
    ([bytes, one]) => {
      expect(detect(bytes)).toBeTypeOf("string")
      expect(detect(exportAll("zsh", [one]).subarray(0, SAMPLE_SIZE))).toBeTypeOf("string")
    }
  )
})
