/** Holds the table of coverage to what it says: no empty cell, and each page and test that it names is there. */

import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const TABLE = fileURLToPath(new URL("../../docs/guide/coverage.md", import.meta.url))

const rows = readFileSync(TABLE, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^[\s|:-]+$/.test(line))
  .map((line) =>
    line
      .replaceAll("\\|", "¦")
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim())
  )
  .filter(([first]) => first !== "Row of the guide")

describe("the table of coverage", () => {
  it("has a test for every row", () => {
    expect(rows.length).toBeGreaterThan(50)
    for (const [row, , test] of rows) expect(test, row).toMatch(/\]\(/)
  })

  it("names only pages that are there, and tests that are in the files it names", () => {
    for (const [row, , test = ""] of rows) {
      for (const [, target = "", name] of test.matchAll(/\[[^\]]*\]\(([^)#]+)[^)]*\)(?: “([^”]+)”)?/g)) {
        const file = join(dirname(TABLE), target)
        expect(existsSync(file), `${row}: ${target}`).toBe(true)
        if (name !== undefined) expect(readFileSync(file, "utf8"), `${row}: ${target}`).toContain(name)
      }
    }
  })
})
