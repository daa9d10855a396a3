import { spawn, spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ENTRY, makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
const { data, env, hx } = makeDevice(scratch.path, "one")
afterAll(scratch.remove)

describe("the built program", () => {
  it("tells its version, which is the package's, fast and slow path alike", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string
    }
    expect((await hx(["--version"])).stdout).toBe(`hx ${version}\n`)
    expect((await hx(["--json", "--version"])).stdout).toBe(`hx ${version}\n`)
  })

  it("prints help on standard output, with exit code 0, also when called alone", async () => {
    const alone = await hx([])
    expect(alone).toMatchObject({ code: 0, stderr: "" })
    expect(alone.stdout).toMatch(/^Usage: hx /)
    expect((await hx(["--help"])).stdout).toBe(alone.stdout)
  })

  it("reports a usage error in three lines on standard error, with exit code 2", async () => {
    const ran = await hx(["--jsno"])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr.split("\n")).toEqual([
      expect.stringContaining("No such option"),
      "  --jsno",
      "  Did you mean --json?",
      ""
    ])
  })

  it.skipIf(!existsSync("/dev/full"))("reports a full disk under standard output as one, without a stack", () => {
    const full = openSync("/dev/full", "w")
    const ran = spawnSync(process.execPath, [ENTRY, "status"], {
      env,
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8"
    })
    closeSync(full)
    expect(ran.status).toBe(6)
    expect(ran.stderr.split("\n").slice(0, 2)).toEqual(["No space left", "  standard output"])
    expect(ran.stderr.split("\n")).toHaveLength(4)
  })

  it("makes control characters of its arguments visible in errors", async () => {
    const ran = await hx(["--x\u001B[31m\u202E"])
    expect(ran.stderr).not.toMatch(/[\u001B\u202E]/)
    expect(ran.stderr).toContain("--x\\x1b[31m\\u202e")
  })

  it("makes them visible in its log too, and shows no secret there", async () => {
    const ran = await hx(["sync", "init", "--device", "\u001B[31m\u202E secret_key=abc", "--log-level", "all"])
    expect(ran.stderr).toContain("debug: The command failed:")
    expect(ran.stderr).not.toMatch(/[\u001B\u202E]|abc/)
    const shown = await hx(["show", "\u001B[31m hx1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "--log-level", "debug"])
    expect(shown.stderr).toContain("debug: The command failed:")
    expect(shown.stderr).not.toMatch(/\u001B|qqqqq/)
  })

  it("never waits for standard input that nobody asked to read", async () => {
    expect((await hx(["--help"])).code).toBe(0)
  })

  it("ends quietly when the reader of its output is gone", () => {
    const script = `'${process.execPath}' '${ENTRY}' --completions zsh | true; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { env, encoding: "utf8" })
    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" })
  })

  it("ends with 130 when it is interrupted while it waits for input", async () => {
    const child = spawn(process.execPath, [ENTRY, "import", "--file", "-"], { env, stdio: ["pipe", "pipe", "pipe"] })
    const told = new Promise<string>((resolve) => child.stderr.on("data", (chunk: Buffer) => resolve(String(chunk))))
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
    // The database is there when the program has begun to wait.
    await expect.poll(() => existsSync(join(data, "history.db")), { timeout: 10_000 }).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 500))
    child.kill("SIGINT")
    expect(await told).toContain("Interrupted")
    expect(await ended).toBe(130)
  })

  it("prints completions for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const ran = await hx(["--completions", shell])
      expect(ran).toMatchObject({ code: 0, stderr: "" })
      expect(ran.stdout).toContain("hx")
    }
  })
})
