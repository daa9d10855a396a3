import { describe, expect, it } from "vitest"
import { constants } from "node:os"
import { errno } from "../../src/platform/Errno.ts"

describe("errno", () => {
  it("names a quota that is used up, which libuv has no name for", () => {
    const number = -constants.errno.EDQUOT
    expect(errno(Object.assign(new Error(), { errno: number, code: `Unknown system error ${number}` }))).toBe("EDQUOT")
  })

  it("gives the code of what has one, and of nothing else", () => {
    expect(errno(Object.assign(new Error(), { errno: -2, code: "ENOENT" }))).toBe("ENOENT")
    expect(errno({ code: "SQLITE_FULL" })).toBe("SQLITE_FULL")
    for (const cause of [new Error("ENOENT"), { code: 5 }, "ENOENT", null, undefined]) {
      expect(errno(cause)).toBeUndefined()
    }
  })
})
