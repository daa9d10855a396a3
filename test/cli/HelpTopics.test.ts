import { afterAll, describe, expect, it } from "vitest"
import { ENTRY, makeDevice, makeScratch } from "./Hx.ts"
import { openTerminal, tmuxWorks } from "./Tmux.ts"

const scratch = makeScratch()
const { env, home, hx, json } = makeDevice(scratch.path, "one")
afterAll(scratch.remove)

const stdout = async (...words: ReadonlyArray<string>): Promise<string> => {
  const ran = await hx(words)
  expect(ran).toMatchObject({ code: 0, stderr: "" })
  return ran.stdout
}

describe("hx help", () => {
  it("alone and with a command is what --help shows", async () => {
    expect(await stdout("help")).toBe(await stdout("--help"))
    expect(await stdout("help", "topics")).toBe(await stdout("help"))
    expect(await stdout("help", "sync", "push")).toBe(await stdout("sync", "push", "--help"))
  })

  it("with a topic is its page, and with what is both a command and a topic, both", async () => {
    expect(await stdout("help", "stores")).toMatch(/^Store URLs\n\n/)
    const both = await stdout("help", "sync")
    expect(both.startsWith(await stdout("sync", "--help"))).toBe(true)
    expect(both).toContain("\n\nHow devices are kept in step\n")
  })

  it("is one object with --json", async () => {
    expect(await json(["help", "dates"])).toMatchObject({
      version: 1,
      command: null,
      topic: "dates",
      text: expect.stringContaining("2023-03-01") as string
    })
    expect(await json(["help", "sync", "pull"])).toMatchObject({ command: "hx sync pull", topic: null })
    expect(await json(["completions", "fish"])).toMatchObject({ version: 1, shell: "fish" })
  })

  it.each([
    [["secrity"], 'Did you mean "hx help security"?'],
    [["sync", "psuh"], 'Did you mean "hx help sync push"?'],
    [["psuh"], 'Did you mean "hx help sync push"?'],
    [["qqqqqqqq"], "Topics are sync, stores, security"]
  ])("refuses %j and says what there is", async (words, hint) => {
    const ran = await hx(["help", ...words])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toContain("No such command or topic")
    expect(ran.stderr).toContain(hint)
  })

  it.skipIf(!tmuxWorks)("fits the terminal", { timeout: 60_000 }, async () => {
    const line = [process.execPath, ENTRY].map((word) => `'${word}'`).join(" ")
    const terminal = openTerminal("help", ["sh", "-c", `${line} completions zsh; cat`], {
      env,
      cwd: home,
      columns: 60
    })
    try {
      // To a person, completions also tell what to do with them.
      const screen = await terminal.shows(/source <\(hx completions zsh\)/)
      expect(screen).toContain("Nothing is installed yet.")
    } finally {
      terminal.close()
    }
    const narrow = openTerminal("narrow", ["sh", "-c", `${line} help dates; echo "done"; cat`], {
      env,
      cwd: home,
      columns: 60
    })
    try {
      const screen = await narrow.shows(/^done$/m)
      expect(screen).toMatch(/^A day means its beginning: --after yesterday has all of$/m)
    } finally {
      narrow.close()
    }
  })
})
