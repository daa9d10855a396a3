// Writes man/hx.1. The build runs it:
//
//   node scripts/run.mjs scripts/man.ts [DIRECTORY]

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { hx } from "../src/cli/Commands.ts"
import { manPage } from "./man/ManPage.ts"

declare const HX_VERSION: string

const directory = process.argv[2] ?? fileURLToPath(new URL("../man", `file://${process.argv[1]}`))
mkdirSync(directory, { recursive: true })
writeFileSync(join(directory, "hx.1"), await manPage(hx, HX_VERSION))
