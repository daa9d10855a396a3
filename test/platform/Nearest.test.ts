import { describe, expect, it } from "vitest"
import { nearest } from "../../src/platform/Nearest.ts"

const names = ["--limit", "--after", "--before", "--cwd"]

describe("nearest", () => {
  it("finds a missing, an extra, a wrong and two swapped letters", () => {
    expect(nearest("--lmit", names)).toBe("--limit")
    expect(nearest("--limmit", names)).toBe("--limit")
    expect(nearest("--limot", names)).toBe("--limit")
    expect(nearest("--limti", names)).toBe("--limit")
  })

  it("ignores case", () => expect(nearest("--AFTER", names)).toBe("--after"))

  it("names nothing when nothing is near", () => {
    expect(nearest("--verbose", names)).toBeUndefined()
    expect(nearest("x", ["yz"])).toBeUndefined()
  })

  it("allows more edits in longer words, and the fewest edits win", () => {
    expect(nearest("acess_kye", ["access_key", "secret_key"])).toBe("access_key")
    expect(nearest("--cdw", ["--pwd", "--cwd"])).toBe("--cwd")
  })
})
