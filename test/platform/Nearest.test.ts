import { describe, expect, it } from "@effect/vitest"
import { nearest } from "../../src/platform/Nearest.ts"

const KNOWN = ["region", "endpoint", "path_style", "access_key", "secret_key"]

describe("the nearest known name", () => {
  it.each([
    ["regoin", "region"],
    ["Region", "region"],
    ["acces_key", "access_key"],
    ["secretkey", "secret_key"],
    ["path-style", "path_style"],
    ["endpiont", "endpoint"]
  ])("of %s is %s", (typed, meant) => expect(nearest(typed, KNOWN)).toBe(meant))

  it.each(["", "x", "bucket", "wJalrXUtnFEMI", "profile"])("is none for %j", (typed) =>
    expect(nearest(typed, KNOWN)).toBeUndefined()
  )
})
