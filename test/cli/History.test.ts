import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Device, makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const ZSH = [
  ": 1700000000:0;docker run --rm alpine",
  ": 1700000060:2;git status",
  ": 1700000120:0;printf 'a\\",
  "b'",
  ": 1700000180:0;echo \u001B[31mred\u202Egnp.exe",
  ""
].join("\n")

interface Found {
  readonly entries: ReadonlyArray<{ readonly id: string; readonly command: string }>
}

const commandsOf = (object: Record<string, unknown>) =>
  (object as unknown as Found).entries.map((entry) => entry.command)

const prepared = async (name: string): Promise<Device> => {
  const device = makeDevice(scratch.path, name)
  writeFileSync(join(device.home, ".zsh_history"), ZSH)
  await device.json(["import"])
  return device
}

describe("hx import", () => {
  it("takes in this user's own files, and nothing twice", async () => {
    const device = makeDevice(scratch.path, "import")
    writeFileSync(join(device.home, ".zsh_history"), ZSH)
    const first = await device.json(["import"])
    expect(first).toMatchObject({ version: 1, files: [{ format: "zsh", read: 4, added: 4, known: 0 }] })
    expect(await device.json(["import"])).toMatchObject({ files: [{ read: 4, added: 0, known: 4 }] })
  })

  it("counts with --dry-run and changes nothing", async () => {
    const device = makeDevice(scratch.path, "dry")
    writeFileSync(join(device.home, "h"), ZSH)
    expect(await device.json(["import", "--file", "h", "--dry-run"])).toMatchObject({
      dryRun: true,
      files: [{ added: 4 }]
    })
    expect((await device.json(["find"]))["entries"]).toEqual([])
  })

  it("reads standard input where the file is -", async () => {
    const device = makeDevice(scratch.path, "stdin")
    const imported = await device.json(["import", "--file", "-"], { stdin: ZSH })
    expect(imported).toMatchObject({ files: [{ file: "-", format: "zsh", added: 4 }] })
  })

  it("says what a file is that it cannot read, and leaves the history alone", async () => {
    const device = makeDevice(scratch.path, "binary")
    writeFileSync(join(device.home, "db"), Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(100)]))
    const ran = await device.hx(["import", "--file", "db"])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("SQLite database")
  })

  it.each([
    ["a file that is not there", "nowhere", 2],
    ["a directory", ".", 2]
  ])("refuses %s", async (_, file, code) => {
    const device = makeDevice(scratch.path, "refused")
    expect((await device.hx(["import", "--file", file])).code).toBe(code)
  })

  it("says so where there is no history file at all", async () => {
    const ran = await makeDevice(scratch.path, "empty").hx(["import"])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("No history files found")
  })
})

describe("hx find", () => {
  let device: Device
  beforeAll(async () => {
    device = await prepared("find")
  })

  it("finds by words in any order, newest first", async () => {
    expect(commandsOf(await device.json(["find", "alpine", "docker"]))).toEqual(["docker run --rm alpine"])
    expect(commandsOf(await device.json(["find", "--limit", "2"]))).toHaveLength(2)
    expect(commandsOf(await device.json(["find", "--limit", "0"]))[3]).toBe("docker run --rm alpine")
  })

  it("takes the options of the guide behind the query", async () => {
    const guide = ["find", "git status", "--after", "2023-03-01"]
    expect(commandsOf(await device.json(guide))).toEqual(["git status"])
    expect(commandsOf(await device.json(["find", "--before", "@1700000060"]))).toEqual(["docker run --rm alpine"])
  })

  it("shows control and bidi characters, and never sends them to a terminal", async () => {
    const { stdout } = await device.hx(["find", "red"])
    expect(stdout).not.toMatch(/[\u001B\u202E]/)
    expect(stdout).toContain("\\x1b[31mred\\u202egnp.exe")
  })

  it("gives the bytes as they are with --format null", async () => {
    const { stdout } = await device.hx(["find", "--format", "null", "printf"])
    expect(stdout).toBe("printf 'a\nb'\0")
  })

  it("prints nothing and is content where there is nothing to find", async () => {
    expect(await device.hx(["find", "nowhere-to-be-found"])).toMatchObject({ code: 0, stdout: "", stderr: "" })
  })

  it.each([
    [["--limit", "x"], "--limit x"],
    [["--limit=-1"], "--limit -1"],
    [["--after", "soon-ish"], "soon-ish"],
    [["--json", "--format", "null"], "--json --format null"],
    [["--format", "xml"], "xml"],
    [["--lmit", "5", "foo"], "--lmit"]
  ])("refuses %j and names it, with exit code 2", async (words, named) => {
    const ran = await device.hx(["find", ...words])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toContain(named)
    expect(ran.stderr.trimEnd().split("\n")).toHaveLength(3)
  })
})

describe("hx show and hx last", () => {
  it("show one entry by the beginning of its id, and the newest entries", async () => {
    const device = await prepared("show")
    const { entries } = (await device.json(["find", "git"])) as unknown as Found
    const id = entries[0]?.id ?? ""
    expect(await device.json(["show", id.slice(0, 8)])).toMatchObject({
      entry: { id, command: "git status", duration: 2 }
    })
    expect(await device.json(["last"])).toMatchObject({ session: null, failed: 0 })
    expect((await device.hx(["show", "ffffffffffff"])).code).toBe(2)
    expect((await device.hx(["show", "not-an-id"])).stderr).toContain("Not an id")
  })
})

describe("hx export", () => {
  it("writes a backup that another device takes in without loss", async () => {
    const [one, two] = [await prepared("export-1"), makeDevice(scratch.path, "export-2")]
    await one.json(["export", "--file", "hx-backup.json"])
    const backup = readFileSync(join(one.home, "hx-backup.json"))
    expect(await two.json(["import", "--file", join(one.home, "hx-backup.json")])).toMatchObject({
      files: [{ added: 4 }]
    })
    expect((await two.hx(["export", "--file", "-"])).stdoutBytes.equals(backup)).toBe(true)
  })

  it("gives a new file to the user alone, replaces an old one whole, and leaves nothing else behind", async () => {
    const device = await prepared("export-mode")
    mkdirSync(join(device.home, "out"))
    const file = join(device.home, "out", "b.jsonl")
    await device.json(["export", "--file", file, "--format", "jsonl"])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    writeFileSync(file, "old", { mode: 0o600 })
    await device.json(["export", "--file", file, "--format", "jsonl"])
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(4)
    expect(readdirSync(join(device.home, "out"))).toEqual(["b.jsonl"])
  })

  it("refuses what cannot be written", async () => {
    const device = await prepared("export-refused")
    expect((await device.hx(["export"])).code).toBe(2)
    expect((await device.hx(["export", "--file", "no/such/dir/f"])).stderr).toContain("No such directory")
    expect((await device.hx(["export", "--file", "."])).stderr).toContain("Not a file")
    expect(existsSync(join(device.home, "no"))).toBe(false)
  })
})

describe("hx forget", () => {
  it("asks nobody without a terminal: it wants --yes, and nothing is gone without", async () => {
    const device = await prepared("forget-ask")
    const ran = await device.hx(["forget", "--match", "git"], { stdin: "y\n" })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("--yes")
    expect(commandsOf(await device.json(["find", "git"]))).toEqual(["git status"])
  })

  it("forgets by text, by id and by time, and an import does not bring it back", async () => {
    const device = await prepared("forget")
    expect(await device.json(["forget", "--match", "git status", "--yes"])).toMatchObject({ matched: 1, removed: 1 })
    expect(await device.json(["import"])).toMatchObject({ files: [{ added: 0, forgotten: 1 }] })
    const { entries } = (await device.json(["find", "docker"])) as unknown as Found
    expect(await device.json(["forget", entries[0]?.id ?? "", "--yes"])).toMatchObject({ removed: 1 })
    expect(await device.json(["forget", "--since", "2023-01-01", "--yes"])).toMatchObject({ removed: 2 })
    expect((await device.json(["find"]))["entries"]).toEqual([])
  })

  it("takes the text from standard input, so that a secret is in no command line", async () => {
    const device = await prepared("forget-input")
    const forget = (stdin: string | Buffer, ...more: ReadonlyArray<string>) =>
      device.hx(["forget", "--match", "-", ...more], { stdin })
    expect((await forget("git status\n")).stderr).toContain("--yes")
    for (const empty of ["", " \n"]) expect(await forget(empty, "--yes")).toMatchObject({ code: 2, stdout: "" })
    expect(await forget("x".repeat(70_000), "--yes")).toMatchObject({ code: 2, stdout: "" })
    expect((await device.json(["find"]))["entries"]).toHaveLength(4)
    expect((await forget("git status\n", "--yes", "--json")).stdout).toContain('"removed":1')
    expect((await device.json(["find", "git"]))["entries"]).toEqual([])
  })

  it("keeps out, once its text is forgotten, what a history file without times brings", async () => {
    const device = await prepared("forget-undated")
    await device.json(["forget", "--match", "git status", "--yes"])
    const file = join(scratch.path, "undated.bash")
    writeFileSync(file, "git status\ngit log\ngit status\n")
    expect(await device.json(["import", "--file", file])).toMatchObject({ files: [{ added: 1, forgotten: 2 }] })
    expect(commandsOf(await device.json(["find", "git"]))).toEqual(["git log"])
  })

  it("asks twice for much: without a terminal --yes alone is not enough, and nothing is gone", async () => {
    const device = makeDevice(scratch.path, "forget-much")
    const file = join(scratch.path, "forget-much.zsh")
    writeFileSync(
      file,
      Array.from({ length: 120 }, (_, index) => `: ${1_700_000_000 + index}:0;make ${index}\n`).join("")
    )
    await device.hx(["import", "--file", file])
    const ran = await device.hx(["forget", "--match", "make", "--yes"])
    expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([
      2,
      expect.stringContaining("So much is not forgotten without asking")
    ])
    expect(ran.stderr).toContain("--many")
    expect(ran.stderr).toContain("120 entries of 120")
    expect((await device.hx(["forget", "--match", "make", "--many"])).code).toBe(2)
    expect(await device.json(["status"])).toMatchObject({ entries: 120 })
    expect(await device.json(["forget", "--match", "make 1", "--yes"])).toMatchObject({ matched: 31 })
    expect(await device.json(["forget", "--until", "2100-01-01", "--yes"])).toMatchObject({ matched: 89 })
    expect(await device.json(["status"])).toMatchObject({ entries: 0 })
    expect(await device.json(["import", "--file", file])).toMatchObject({ files: [{ added: 0, forgotten: 120 }] })
  })

  it("with --yes and --many asks nothing", async () => {
    const device = makeDevice(scratch.path, "forget-many")
    const file = join(scratch.path, "forget-many.zsh")
    writeFileSync(
      file,
      Array.from({ length: 120 }, (_, index) => `: ${1_700_000_000 + index}:0;make ${index}\n`).join("")
    )
    await device.hx(["import", "--file", file])
    expect(await device.json(["forget", "--match", "make", "--yes", "--many"])).toMatchObject({
      matched: 120,
      removed: 120,
      unseen: 0
    })
  })

  it("names a device by its id, and says which there are", async () => {
    const device = await prepared("forget-device")
    const ran = await device.hx(["forget", "--since", "2000-01-01", "--device", "nobody", "--yes"])
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/^No device is called so\n {2}nobody\n/)])
    const id = /\(([0-9a-f]{8})\)/.exec(ran.stderr)?.[1] ?? ""
    expect(await device.json(["forget", "--since", "2000-01-01", "--device", id, "--yes"])).toMatchObject({
      matched: 4
    })
  })

  it.each([
    [[]],
    [["--match", " "]],
    [["--all-devices"]],
    [["--device", "x"]],
    [["--device", "x", "--since", "1d", "--all-devices"]]
  ])("refuses %j, which would say too little or too much", async (words) => {
    const device = makeDevice(scratch.path, "forget-refused")
    expect((await device.hx(["forget", "--yes", ...words])).code).toBe(2)
  })
})

describe("hx status and hx stats", () => {
  it("count what is there", async () => {
    const device = await prepared("status")
    const status = await device.json(["status", "--storage"])
    expect(status).toMatchObject({
      version: 1,
      entries: 4,
      sync: null,
      database: { path: join(device.data, "history.db") }
    })
    expect(status["storage"]).toContainEqual(expect.objectContaining({ kind: "database", files: 1 }))
    expect(await device.json(["stats"])).toMatchObject({ entries: 4, commands: 4, days: 1 })
    expect((await device.hx(["stats"])).stdout).toContain("4 entries, 4 different commands")
  })

  it("say what is wrong with a database that is none, and touch nothing", async () => {
    const device = makeDevice(scratch.path, "damaged")
    mkdirSync(device.data, { recursive: true })
    writeFileSync(
      join(device.data, "history.db"),
      "this is not a database, and long enough to be looked at as one".repeat(20)
    )
    const before = readFileSync(join(device.data, "history.db"))
    const ran = await device.hx(["status"])
    expect(ran.code).toBe(5)
    expect(readFileSync(join(device.data, "history.db")).equals(before)).toBe(true)
  })
})
