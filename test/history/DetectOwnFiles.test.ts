import { describe, expect, it } from "vitest"
import { detectOwnFiles } from "../../src/history/DetectOwnFiles.ts"

const find = (files: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  detectOwnFiles({
    home: "/home/me",
    env: (name) => env[name],
    exists: (path) => files.includes(path),
    list: (directory) =>
      files.filter((file) => file.startsWith(`${directory}/`)).map((file) => file.slice(directory.length + 1))
  })

describe("detectOwnFiles", () => {
  it("finds what each shell writes by itself, zsh first, and nothing that is not there", () => {
    const files = ["/home/me/.local/share/fish/fish_history", "/home/me/.bash_history", "/home/me/.zsh_history"]
    expect(find(files)).toEqual([files[2], files[1], files[0]])
    expect(find([])).toEqual([])
  })

  it("follows HISTFILE, ZDOTDIR and XDG directories, and names a file once", () => {
    expect(find(["/h/hist", "/home/me/.bash_history"], { HISTFILE: "/h/hist" })).toEqual([
      "/h/hist",
      "/home/me/.bash_history"
    ])
    expect(find(["/home/me/.bash_history"], { HISTFILE: "/home/me/.bash_history" })).toEqual(["/home/me/.bash_history"])
    expect(find(["/home/me/h"], { HISTFILE: "~/h" })).toEqual(["/home/me/h"])
    expect(find(["/z/.zsh_history"], { ZDOTDIR: "/z/" })).toEqual(["/z/.zsh_history"])
    expect(find(["/d/fish/fish_history"], { XDG_DATA_HOME: "/d" })).toEqual(["/d/fish/fish_history"])
    expect(find(["/home/me/.histfile", "/home/me/.local/state/zsh/history"])).toEqual([
      "/home/me/.histfile",
      "/home/me/.local/state/zsh/history"
    ])
  })

  it("takes every session of fish, and no other file beside them", () => {
    const directory = "/home/me/.local/share/fish"
    expect(find([`${directory}/work_history`, `${directory}/fish_history`, `${directory}/fish_variables`])).toEqual([
      `${directory}/fish_history`,
      `${directory}/work_history`
    ])
  })

  it("does not count variables that are empty or relative", () => {
    expect(find(["/home/me/.zsh_history"], { HISTFILE: "", ZDOTDIR: "", XDG_DATA_HOME: "x" })).toEqual([
      "/home/me/.zsh_history"
    ])
  })
})
