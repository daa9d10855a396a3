import { describe, expect, it } from "vitest"
import { importedId } from "../../src/domain/EntryId.ts"
import { identityOf, type Operation } from "../../src/domain/Operation.ts"
import { plainEntry } from "../history/Commands.ts"

const id = importedId(null, "x", 0)
const rule = { ids: [id], twins: ["b".repeat(32)], windows: [{ from: 1, to: 2, device: null }] }

describe("identityOf", () => {
  it("is the entry's id for an add, and stays what it was when purged", () => {
    const entry = plainEntry({ start: null, command: "x" })
    expect(identityOf({ kind: "add", entry })).toBe(entry.id)
    expect(identityOf({ kind: "purged", identity: id })).toBe(id)
  })

  it("tells apart what finishes and forget rules say", () => {
    const operations: ReadonlyArray<Operation> = [
      { kind: "finish", id, exit: 1, duration: 2 },
      { kind: "finish", id, exit: null, duration: 12 },
      { kind: "finish", id, exit: 12, duration: null },
      { kind: "forget", rule },
      { kind: "forget", rule: { ...rule, ids: [], twins: [...rule.ids, ...rule.twins] } },
      { kind: "forget", rule: { ...rule, windows: [] } },
      { kind: "forget", rule: { ...rule, windows: [{ from: 1, to: 2, device: "0".repeat(32) as never }] } }
    ]
    expect(new Set(operations.map(identityOf)).size).toBe(operations.length)
  })
})
