/** The demo, as people run it: it checks by itself that everything came out as it has to. */

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"

let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "hx-demo-test-"))
})

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true })
})

const start = () =>
  spawn(process.execPath, ["scripts/run.mjs", "scripts/demo/Demo.ts"], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: ["ignore", "pipe", "pipe"]
  })

it("plays the whole story through, and leaves nothing behind", { timeout: 180_000 }, async () => {
  const demo = start()
  let said = ""
  demo.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")))
  demo.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")))
  const [code] = await once(demo, "close")
  expect(code, said).toBe(0)
  expect(said).toContain("everything was as it has to be")
  expect(readdirSync(scratch)).toEqual([])
})

it(
  "leaves nothing behind when it is interrupted either, and does not call that a failure",
  { timeout: 60_000 },
  async () => {
    const demo = start()
    let complaints = ""
    demo.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString("utf8")))
    await new Promise<void>((resolve) =>
      demo.stdout.on("data", (chunk: Buffer) => {
        if (chunk.toString("utf8").includes("sync init")) resolve()
      })
    )
    expect(readdirSync(scratch)).not.toEqual([])
    demo.kill("SIGINT")
    const [code] = await once(demo, "close")
    expect(code).toBe(130)
    expect(complaints).toBe("")
    expect(readdirSync(scratch)).toEqual([])
  }
)
