import { describe, expect, it } from "vitest"
import { keymapOf, keysOf, parseBindings } from "../../../src/cli/search/Keymap.ts"

describe("keys of one's own", () => {
  it("are actions and keys in either order, and beat the table", () => {
    const own = parseBindings(" copy=ctrl-y, alt-x = forget,ctrl-o=nothing ")
    if (typeof own === "string") throw new Error(own)
    const { insert, normal } = keymapOf("emacs", own)
    expect(insert.get("ctrl-y")).toBe("copy")
    expect(normal.get("alt-x")).toBe("forget")
    expect(insert.get("ctrl-o")).toBe("nothing")
    expect(insert.get("ctrl-r")).toBe("scope")
    expect(keysOf(insert, "copy")).toEqual(["alt-w", "ctrl-y"])
  })

  it.each([
    ["", 0],
    ["help=f2", 1]
  ])("%j are %d", (text, count) => {
    const own = parseBindings(text)
    expect(typeof own === "string" ? own : own.size).toBe(count)
  })

  it.each([
    ["copy", "copy: not an action and a key, such as copy=ctrl-y"],
    ["cpoy=ctrl-y", "cpoy=ctrl-y: there is no action cpoy; did you mean copy?"],
    ["copy=y", "copy=y: y is no key, such as ctrl-y, alt-x, f2, page-up"],
    ["copy=hyper-y", "copy=hyper-y: hyper-y is no key, such as ctrl-y, alt-x, f2, page-up"]
  ])("%j are refused: %s", (text, why) => expect(parseBindings(text)).toBe(why))

  it("have letters as commands in vi's normal mode only", () => {
    const { insert, normal } = keymapOf("vi", new Map())
    expect(insert.get("j")).toBeUndefined()
    expect(normal.get("j")).toBe("down")
    expect(insert.get("escape")).toBe("normal-mode")
  })
})
