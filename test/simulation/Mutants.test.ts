/** The table of bugs to plant (npm run mutants) keeps up with the code that it speaks of. */

import { describe, expect, it } from "vitest"
import { readFileSync } from "node:fs"
import { MUTANTS } from "../../scripts/mutants/Table.ts"

describe("bugs to plant", () => {
  it("are at least forty, each one wrong edit of text that stands once in its file", () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(40)
    for (const { file, find, replace } of MUTANTS) {
      expect(readFileSync(file, "utf8").split(find).length - 1, `${file}: ${find}`).toBe(1)
      expect(replace).not.toBe(find)
    }
  })
})
