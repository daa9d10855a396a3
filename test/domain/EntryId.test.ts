import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import type { Entry } from "../../src/domain/Entry.ts"
import { derivedId, field, importedId, isEntryId, liveId } from "../../src/domain/EntryId.ts"
import { entry } from "../history/Commands.ts"

const first128 = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32)

describe("EntryId", () => {
  it("is what the specification says, byte by byte", () => {
    expect(liveId("s1", 3, 1_700_000_000_000_001, "é")).toBe(
      first128("15:hx.entry.live.12:s11:316:17000000000000012:é")
    )
    expect(importedId(5, "ls", 0)).toBe(first128("17:hx.entry.import.11:52:ls1:0"))
    expect(importedId(null, "ls", 12)).toBe(first128("18:hx.entry.undated.12:ls2:12"))
  })

  it("never changes: every device, and every released hx, has to come to the same one", () => {
    expect(importedId(1_700_000_000_000_000, "make test", 0)).toMatchInlineSnapshot(
      `"4be35c924a4a6fbf504686d1043ca288"`
    )
    expect(importedId(null, "make test", 1)).toMatchInlineSnapshot(`"6c8fab67ea286f64c854c3bbaba6d30d"`)
    expect(liveId("session", 1, 1_700_000_000_123_456, "make test")).toMatchInlineSnapshot(
      `"eed4fad2131b58c94fe6e45327d45cf3"`
    )
  })

  effectIt.prop(
    "no two lists of fields give the same bytes",
    [fc.array(fc.string({ unit: "binary" })), fc.array(fc.string({ unit: "binary" }))],
    ([a, b]) => {
      const wellFormed = (texts: ReadonlyArray<string>) => texts.map((text) => text.toWellFormed())
      const encode = (texts: ReadonlyArray<string>) => wellFormed(texts).map(field).join("")
      expect(encode(a) === encode(b)).toBe(JSON.stringify(wellFormed(a)) === JSON.stringify(wellFormed(b)))
    }
  )

  effectIt.prop("can be derived again from an entry that knows its ordinal", [entry], ([one]) => {
    expect(derivedId(one)).toBe(one.id)
    expect(derivedId({ ...one, ordinal: null })).toBeNull()
    expect(derivedId({ ...one, command: `${one.command}x` })).not.toBe(one.id)
    const live: Omit<Entry, "id"> = { ...one, origin: "live", session: "s", start: 5, ordinal: 2 }
    expect(derivedId(live)).toBe(liveId("s", 2, 5, one.command))
    expect(derivedId({ ...live, session: null })).toBeNull()
    expect(derivedId({ ...live, start: null })).toBeNull()
  })

  effectIt.prop("does not depend on what an id leaves out", [entry], ([one]) => {
    expect(derivedId({ ...one, host: "other", cwd: null, duration: 1, exit: 9 })).toBe(one.id)
  })

  it("is 32 lowercase hex digits", () => {
    expect(isEntryId(importedId(null, "x", 0))).toBe(true)
    expect(isEntryId("0".repeat(31))).toBe(false)
    expect(isEntryId("A".repeat(32))).toBe(false)
    expect(isEntryId(`${"0".repeat(32)}\n`)).toBe(false)
  })
})
