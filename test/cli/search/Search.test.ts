import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"
import { openTerminal, type Terminal, tmuxWorks } from "../Tmux.ts"

const scratch = makeScratch()
const device = makeDevice(scratch.path, "one")
const empty = makeDevice(scratch.path, "empty")
const work = join(device.home, "work")
const inner = join(work, "inner")
const here = join(device.home, "here")

const HOSTILE = "echo \u001B]0;owned\u0007\u001B[2J\u001B[31mred\u202Ehidden\u200B"
const LOOP = 'for name in one two\ndo\n  echo "$name" # loop\ndone'
const FROM_ELSEWHERE = "echo first elsewhere\nrm -rf never"
const LONG = `printf '%s' ${"0123456789".repeat(10_000)}-end`

/** An entry a line, each a minute after the one before. */
const HISTORY: ReadonlyArray<Record<string, unknown>> = [
  { command: "git status", cwd: work },
  { command: "git push origin main", cwd: work, exit: 1, duration: 3.25 },
  { command: "git push origin main", cwd: here },
  { command: "git push --force", cwd: inner, session: "session-a" },
  { command: "docker run --rm alpine", cwd: here, host: "elsewhere" },
  { command: "echo 日本語 🎉 é", cwd: here },
  { command: HOSTILE, cwd: `/tmp/\u001B[31m`, host: "\u001B[2J" },
  { command: LOOP, cwd: here },
  { command: LONG, cwd: here },
  { command: "make test", cwd: here, session: "session-a" }
]

const importInto = async (one: Device, entries: ReadonlyArray<Record<string, unknown>>) => {
  const lines = entries.map((entry, index) => {
    const start = new Date(Date.UTC(2026, 0, 1, 12, index)).toISOString()
    return JSON.stringify({
      start,
      exit: 0,
      duration: 1,
      host: "nearby",
      user: "ada",
      shell: "zsh",
      origin: "import:zsh",
      ...entry
    })
  })
  const file = join(one.home, "history.jsonl")
  writeFileSync(file, `${lines.join("\n")}\n`)
  const ran = await one.hx(["import", "--file", file])
  if (ran.code !== 0) throw new Error(ran.stderr)
}

beforeAll(async () => {
  for (const path of [join(work, ".git"), inner, here]) mkdirSync(path, { recursive: true })
  await importInto(device, HISTORY)
  // Other tests of this file remove from a history of their own.
}, 60_000)
afterAll(scratch.remove)

let opened = 0

interface Search extends Terminal {
  /** What standard output got, once the program has ended. */
  readonly output: () => Promise<string>
}

const search = (
  words: string,
  options: {
    readonly columns?: number
    readonly rows?: number
    readonly cwd?: string
    readonly env?: Record<string, string>
    readonly on?: Device
  } = {}
): Search => {
  const { columns = 80, cwd = here, env = {}, on = device, rows = 30 } = options
  const file = join(scratch.path, `output-${++opened}`)
  // The shell outlives what ends the program.
  const line = `trap : INT HUP; '${process.execPath}' '${ENTRY}' search ${words} > '${file}'; echo ended-$? >> '${file}'; stty -a > '${file}.stty'; printf 'BACK AT THE PROMPT'; cat`
  const terminal = openTerminal("search", ["sh", "-c", `printf 'prompt$ '; ${line}`], {
    env: { ...on.env, ...env },
    cwd,
    columns,
    rows
  })
  const output = async () => {
    // As it was: lines are edited and echoed again.
    const settings = () => (existsSync(`${file}.stty`) ? readFileSync(`${file}.stty`, "utf8") : "")
    await expect.poll(settings, { timeout: 15_000 }).toMatch(/(?<!-)icanon(.|\n)*(?<!-)echo\b/)
    return readFileSync(file, "utf8")
  }
  return { ...terminal, output }
}

const during = async (opening: Search, act: (search: Search) => Promise<void>) => {
  try {
    await act(opening)
  } finally {
    opening.close()
  }
}

describe.skipIf(!tmuxWorks)("hx search", { timeout: 60_000 }, () => {
  it("shows the newest first, finds while one types, and prints what is taken", () =>
    during(search(""), async (terminal) => {
      const first = await terminal.shows(/make test/)
      expect(first).toMatch(/^prompt\$ ❯|^❯/m)
      expect(first.indexOf("make test")).toBeLessThan(first.indexOf("git status"))
      terminal.type("push main")
      await terminal.shows(/1\/9/)
      await terminal.shows(/▌.*✗? git push origin main +×2/)
      terminal.press("Enter")
      expect(await terminal.output()).toBe("git push origin main\nended-0\n")
      expect(await terminal.shows(/BACK AT THE PROMPT/)).not.toContain("everywhere")
    }))

  it.each([40, 80, 120])("fits %d columns, wide characters and all, and follows a resize", (columns) =>
    during(search("--height full", { columns }), async (terminal) => {
      await terminal.shows(/日本語/)
      for (const line of terminal.screen().split("\n")) expect(line.length).toBeLessThanOrEqual(columns)
      expect(terminal.screen()).toContain("echo 日本語 🎉 é")
      terminal.resize(columns + 15, 12)
      await terminal.shows(new RegExp(`─{${columns + 15}}`))
      terminal.resize(30, 10)
      await terminal.shows(/^─{30}$/m)
      expect(terminal.screen()).toMatch(/^❯/)
      terminal.press("Escape")
      expect(await terminal.output()).toBe("ended-0\n")
    })
  )

  it("goes through the scopes, and through what failed and what did not", () =>
    during(search("", { cwd: inner, env: { HX_SESSION: "session-a" } }), async (terminal) => {
      await terminal.shows(/\[everywhere\]/)
      const scope = async (key: string, name: string, count: number) => {
        terminal.press(key)
        await terminal.shows(new RegExp(`\\[${name}\\].* ${count}/9`))
      }
      await scope("M-4", "directory", 1)
      await terminal.shows(/git push --force/)
      await scope("M-5", "repository", 3)
      await scope("M-3", "session", 2)
      await scope("M-2", "host", 0)
      await terminal.shows(/Nothing fits here/)
      await scope("M-1", "everywhere", 9)
      terminal.press("C-r")
      await terminal.shows(/\[host\]/)
      terminal.press("M-1", "M-0")
      await terminal.shows(/✗ failed .* 1\/9/)
      terminal.press("M-0")
      await terminal.shows(/✓ ok/)
    }))

  it("tells why there is no session and no repository", () =>
    during(search(""), async (terminal) => {
      await terminal.shows(/make test/)
      terminal.press("M-3")
      await terminal.shows(/There is no session here/)
      terminal.press("M-5")
      await terminal.shows(/in no repository/)
    }))

  it("previews when, how long, how it ended and where, and every line of a command", () =>
    during(search("main", { columns: 100 }), async (terminal) => {
      await terminal.shows(/2026-01-01 12:02:00 · exit 0 · 1\.0 s · ~\/here · nearby · ×2/)
      terminal.press("C-u")
      terminal.type("loop")
      await terminal.shows(/ {2}for name in one two\n {2}do\n/)
      terminal.press("C-o")
      await terminal.shows(/ {2}done/)
      terminal.press("C-u")
      terminal.type("-end$")
      await terminal.shows(/… 100,?0\d\d characters/)
      terminal.press("Enter")
      expect(await terminal.output()).toBe(`${LONG}\nended-0\n`)
    }))

  it("lets nothing of the history steer the terminal", () =>
    during(search("hidden", { columns: 120 }), async (terminal) => {
      const screen = await terminal.shows(/echo \\x1b\]0;owned\\x07\\x1b\[2J\\x1b\[31mred\\u202ehidden\\u200b/)
      expect(screen).toContain("\\x1b[2J")
      expect(screen).toMatch(/^.*❯ hidden/m)
      terminal.press("Tab")
      expect(await terminal.output()).toBe(`${HOSTILE}\nended-0\n`)
    }))

  it("says so where nothing fits, and where nothing is recorded", async () => {
    await during(search("zzzz"), async (terminal) => {
      await terminal.shows(/Nothing fits\./)
      terminal.press("Enter")
      await terminal.shows(/Nothing fits\./)
      terminal.type("/(/")
      terminal.press("C-u")
      terminal.type("/(/")
      await terminal.shows(/a \( without its \)|Nothing|make test/)
    })
    await during(search("", { on: empty, cwd: empty.home }), (terminal) =>
      terminal.shows(/Nothing is recorded yet/).then(() => undefined)
    )
  })

  it("has vi's keys where one wants them, and one's own", () =>
    during(search("--keymap vi git", { env: { HX_SEARCH_KEYS: "cancel=ctrl-t" } }), async (terminal) => {
      await terminal.shows(/❯ git/)
      terminal.press("Escape")
      await terminal.shows(/❮ git/)
      terminal.press("j")
      await terminal.shows(/\n▌.*git/)
      terminal.press("0", "x")
      await terminal.shows(/❮ it/)
      terminal.press("A")
      await terminal.shows(/❯ it/)
      terminal.press("C-t")
      expect(await terminal.output()).toBe("ended-0\n")
    }))

  it("shows its keys", () =>
    during(search(""), async (terminal) => {
      await terminal.shows(/make test/)
      terminal.press("F1")
      await terminal.shows(/ctrl-x +forget for good/)
      terminal.press("Escape")
      await terminal.shows(/make test/)
    }))

  it("copies through the terminal", () =>
    during(search("alpine"), async (terminal) => {
      await terminal.shows(/▌.*docker run/)
      terminal.press("M-w")
      await terminal.shows(/Sent to the terminal's clipboard/)
    }))

  it("without colour writes none, and without UTF-8 draws with ASCII", () =>
    during(search("git", { env: { NO_COLOR: "1", LC_ALL: "C" } }), async (terminal) => {
      expect(await terminal.shows(/> git/)).not.toMatch(/[❯▌─]/)
    }))

  it("forgets every run of a command once that is agreed to", async () => {
    const other = makeDevice(scratch.path, "forgetful")
    await importInto(other, HISTORY)
    await during(search("main", { on: other, cwd: other.home }), async (terminal) => {
      await terminal.shows(/▌.*git push origin main/)
      terminal.press("C-x")
      await terminal.shows(/Forget all 2 runs/)
      terminal.press("n")
      await terminal.shows(/×2/)
      terminal.press("C-x")
      await terminal.shows(/Forget all 2 runs/)
      terminal.press("y")
      await terminal.shows(/Forgot 2 entries here/)
      expect(terminal.screen()).not.toContain("git push origin main")
    })
    expect((await other.json(["find", "push"]))["entries"]).toHaveLength(1)
  })

  describe("for a shell", () => {
    const hooked = (words: string, query: string, more: Record<string, string> = {}) =>
      search(`--hook ${words}`, { env: { HX_QUERY: query, ...more } })

    it("inserts what is chosen, draws below the line and gives it back", () =>
      during(hooked("", "git sta"), async (terminal) => {
        await terminal.shows(/^prompt\$\n❯ git sta/m)
        terminal.press("Enter")
        expect(await terminal.output()).toBe("insert\ngit statusended-0\n")
        expect(await terminal.shows(/BACK/)).toMatch(/^prompt\$ BACK AT THE PROMPT\s*$/)
      }))

    it("prints nothing when it is left", () =>
      during(hooked("", "git"), async (terminal) => {
        await terminal.shows(/❯ git/)
        terminal.press("C-c")
        expect(await terminal.output()).toBe("ended-0\n")
      }))

    it("asks to run at once where that is wished, and never with Tab", async () => {
      await during(hooked("--enter run", "alpine"), async (terminal) => {
        await terminal.shows(/▌.*docker/)
        terminal.press("Enter")
        expect(await terminal.output()).toBe("run\ndocker run --rm alpineended-0\n")
      })
      await during(hooked("--enter run", "alpine"), async (terminal) => {
        await terminal.shows(/▌.*docker/)
        terminal.press("Tab")
        expect(await terminal.output()).toMatch(/^insert\n/)
      })
    })

    it("never runs several lines of another device at once, and runs one's own", async () => {
      const store = `folder:${join(scratch.path, "store")}`
      const [near, far] = [makeDevice(scratch.path, "near"), makeDevice(scratch.path, "far")]
      await importInto(far, [{ command: FROM_ELSEWHERE }])
      await importInto(near, [{ command: LOOP }])
      for (const each of [far, near]) {
        expect((await each.hx(["sync", "init", "--no-encrypt", "--store", store])).code).toBe(0)
        expect((await each.hx(["sync"])).code).toBe(0)
      }
      const taken = async (query: string) => {
        let output = ""
        const opening = search("--hook --enter run", { on: near, cwd: near.home, env: { HX_QUERY: query } })
        await during(opening, async (terminal) => {
          await terminal.shows(new RegExp(`▌.*${query}`))
          terminal.press("Enter")
          output = await terminal.output()
        })
        return output
      }
      expect(await taken("elsewhere")).toBe(`insert\n${FROM_ELSEWHERE}ended-0\n`)
      expect(await taken("loop")).toBe(`run\n${LOOP}ended-0\n`)
    })

    it("goes back in time with the up arrow, through what begins with the line", () =>
      during(hooked("--up", "git "), async (terminal) => {
        await terminal.shows(/\[directory\].* 1\/9/)
        terminal.press("M-1")
        await terminal.shows(/▌.*git push --force/)
        terminal.press("Up")
        await terminal.shows(/▌.*git push origin main/)
        terminal.press("Down")
        await terminal.shows(/▌.*git push --force/)
        terminal.press("Down")
        expect(await terminal.output()).toBe("ended-0\n")
      }))
  })

  it.each(["TERM", "INT", "HUP"])("gives the terminal back when SIG%s ends it", (signal) =>
    during(search("git"), async (terminal) => {
      await terminal.shows(/❯ git/)
      const { stdout } = spawnSync("pgrep", ["-f", `${ENTRY} search git`], { encoding: "utf8" })
      for (const pid of stdout.trim().split("\n")) {
        // The shell around it has the same words on its line.
        const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim()
        if (name !== "sh" && readFileSync(`/proc/${pid}/environ`, "utf8").includes(scratch.path)) {
          process.kill(Number(pid), `SIG${signal}`)
        }
      }
      expect(await terminal.output()).toMatch(/^ended-\d+\n$/)
      expect(await terminal.shows(/BACK AT THE PROMPT/)).not.toContain("everywhere")
    })
  )
})

describe("hx search without a place to draw", () => {
  it("says what to use instead", async () => {
    // setsid: not even /dev/tty.
    const ran = spawnSync("setsid", ["-w", process.execPath, ENTRY, "search", "git"], {
      env: device.env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
    expect(ran).toMatchObject({ status: 2, stdout: "" })
    expect(ran.stderr).toMatch(/^Nothing to search on\n {2}there is no terminal .*\n.*hx find QUERY/)
    const dumb = await device.hx(["search"], { env: { TERM: "dumb" } })
    expect(dumb).toMatchObject({ code: 2, stdout: "" })
    expect(dumb.stderr).toContain("TERM is dumb")
  })

  it("refuses settings that cannot be, before it draws anything", async () => {
    const ran = await device.hx(["search"], { env: { HX_SEARCH_KEYS: "cpoy=ctrl-y" } })
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toContain("did you mean copy?")
    expect((await device.hx(["search", "--height", "3"])).stderr).toContain("a number of lines from 5 to 500")
  })
})
