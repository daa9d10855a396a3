/** The manual page that the build writes: it is there, whole, and roff has nothing to say about it. */

import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { manPage } from "../scripts/man/ManPage.ts"
import { hx } from "../src/cli/Commands.ts"
import { type CommandNode, listed, shapeOf } from "../src/cli/CommandTree.ts"
import { EXIT_CODES } from "../src/cli/ExitCodes.ts"
import { TOPICS } from "../src/cli/topics/Topics.ts"
import { ALL } from "../src/platform/SyncSettings.ts"

const file = fileURLToPath(new URL("../man/hx.1", import.meta.url))
const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", MANWIDTH: "200", MAN_KEEP_FORMATTING: "" }
const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0

/** As a reader sees it, with one blank between words. */
const shown = (page: string): string => {
  const { status, stdout } = spawnSync("groff", ["-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=400n"], {
    input: page,
    env,
    encoding: "utf8"
  })
  expect(status).toBe(0)
  return stdout.replaceAll(/\s+/g, " ")
}

type Node = CommandNode<unknown, unknown>
const commandsBelow = (node: Node, above = ""): ReadonlyArray<readonly [name: string, node: Node]> =>
  listed(node).flatMap((child) => [
    [`${above}${node.name} ${child.name}`, child] as const,
    ...commandsBelow(child, `${above}${node.name} `)
  ])

describe("the manual page", () => {
  it("is what the build makes of this tree, under the package's version", async () => {
    const { man, version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      man: ReadonlyArray<string>
      version: string
    }
    // npm links the pages of a list only.
    expect(man.map((page) => fileURLToPath(new URL(`../${page}`, import.meta.url)))).toEqual([file])
    expect(readFileSync(file, "utf8")).toBe(await manPage(hx, version))
  })

  it.skipIf(!has("groff"))("raises no warning in groff, nor in man", async () => {
    const page = await manPage(hx, "1.2.3")
    const { status, stderr } = spawnSync("groff", ["-man", "-ww", "-z", "-Tutf8"], {
      input: page,
      env,
      encoding: "utf8"
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    if (!has("man")) return
    const man = spawnSync("man", ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"], {
      input: page,
      env,
      encoding: "utf8"
    })
    expect(man.stderr).toBe("")
  })

  it.skipIf(!has("groff"))(
    "has every command, option, example, topic, setting and exit code, as they are typed",
    async () => {
      const text = shown(await manPage(hx, "1.2.3"))
      for (const [name, node] of commandsBelow(hx)) {
        expect(text).toContain(` ${name} `)
        expect(text).toContain(node.summary)
        for (const option of shapeOf(node.own).options) expect(text).toContain(option.names.join(", "))
        for (const example of node.examples) expect(text).toContain(`hx ${example} `)
      }
      for (const { load } of TOPICS) {
        for (const block of (await load()).blocks) if (typeof block === "string") expect(text).toContain(block)
      }
      for (const { variable } of ALL) expect(text).toContain(` ${variable} `)
      for (const [code, meaning] of EXIT_CODES) expect(text).toContain(` ${code} ${meaning} `)
    }
  )

  it("lets nothing that is said become a request of roff", async () => {
    const odd = { ...hx, summary: ".so /etc/passwd", children: [] }
    const page = await manPage(odd, "1\\*x")
    expect(page).toContain("\n\\&.so /etc/passwd\n")
    expect(page).toContain("1\\(rs*x")
  })
})
