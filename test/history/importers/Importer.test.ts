import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { importedId } from "../../../src/domain/EntryId.ts"
import { makeOrdinals } from "../../../src/history/importers/Ordinals.ts"
import { makeImporter } from "../../../src/history/importers/Importer.ts"
import { DEVICE } from "../Commands.ts"
import { importAll } from "../Files.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const SECOND = 1_000_000
const ids = (format: "zsh" | "bash" | "fish", text: string) => importAll(format, text).entries.map((entry) => entry.id)

describe("Importer", () => {
  it("says of an entry what the file does not: host, user, shell, origin, device", () => {
    expect(importAll("zsh", ": 1700000000:5;ls\n").entries).toEqual([
      {
        id: importedId(1_700_000_000 * SECOND, "ls", 0),
        start: 1_700_000_000 * SECOND,
        duration: 5 * SECOND,
        exit: null,
        command: "ls",
        cwd: null,
        session: null,
        host: "laptop",
        user: "me",
        shell: "zsh",
        origin: "import:zsh",
        device: DEVICE,
        ordinal: 0
      }
    ])
    expect(importAll("fish", "- cmd: ls\n").entries).toMatchObject([{ shell: "fish", origin: "import:fish" }])
  })

  it("counts equal commands of one second, and equal ones without a time", () => {
    const [start] = [1_700_000_000 * SECOND]
    expect(ids("bash", "#1700000000\nls\n#1700000000\ncd\n#1700000000\nls\n")).toEqual([
      importedId(start, "ls", 0),
      importedId(start, "cd", 0),
      importedId(start, "ls", 1)
    ])
    expect(ids("bash", "ls\ncd\nls\n")).toEqual([
      importedId(null, "ls", 0),
      importedId(null, "cd", 0),
      importedId(null, "ls", 1)
    ])
  })

  it("gives the grown file the same ids, and what was added new ones", () => {
    const before = ": 1700000000:0;ls\n: 1700000000:0;ls\nls\n"
    const after = `${before}ls\n: 1700000000:0;ls\n`
    expect(ids("zsh", after).slice(0, 3)).toEqual(ids("zsh", before))
    expect(new Set(ids("zsh", after)).size).toBe(5)
  })

  it("adds nothing for a file that was appended to itself", () => {
    const once = ": 1700000000:0;ls\n: 1700000000:0;ls\n: 1700000001:0;cd\n"
    expect(new Set(ids("zsh", once + once))).toEqual(new Set(ids("zsh", once)))
  })

  it("gives the same commands the same ids whichever shell's file tells them", () => {
    expect(ids("fish", "- cmd: ls\n  when: 1700000000\n")).toEqual(ids("zsh", ": 1700000000:9;ls\n"))
  })

  it("starts counting afresh beyond its limit, the same way each time", () => {
    const commands = ["a", "b", "a", "c", "a", "b"]
    const run = () => {
      const identify = makeOrdinals(2)
      return commands.map((command) => identify(null, command).ordinal)
    }
    expect(run()).toEqual([0, 0, 1, 0, 0, 0])
    expect(run()).toEqual(run())
  })

  it("keeps memory flat however long the file is", () => {
    const importer = makeImporter({ format: "zsh", device: DEVICE, host: null, user: null })
    const megabytes: Array<number> = []
    let count = 0
    for (let piece = 0; piece < 60; piece++) {
      const lines = Array.from(
        { length: 5000 },
        (_, n) => `: ${1_600_000_000 + piece * 5000 + n}:1;make target-${piece}-${n}\n`
      )
      count += importer.push(Buffer.from(lines.join(""))).entries.length
      if (piece % 20 === 19) {
        collectGarbage()
        megabytes.push(process.memoryUsage().heapUsed / 1e6)
      }
    }
    expect(count).toBe(300_000)
    expect((megabytes[2] ?? 0) - (megabytes[0] ?? 0)).toBeLessThan(5)
  })
})
