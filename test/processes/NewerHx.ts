/** A newer hx: a copy of the sources with a few lines that they do not have yet, built like the real one. */

import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * Its database has one more table. Where NEWER_VAULT is set, a vault that it founds has a feature that others must know; where NEWER_MANIFEST is, the
 * manifests that it publishes have one.
 */
export const buildNewerHx = (directory: string): string => {
  mkdirSync(join(directory, "man"), { recursive: true })
  for (const name of ["src", "scripts", "package.json"])
    cpSync(join(root, name), join(directory, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"))
  edit(join(directory, "package.json"), /"version": "[^"]+"/, '"version": "99.0.0"')
  edit(
    join(directory, "src/db/Schema.ts"),
    /\n {2}\]\n\]\n/,
    "\n  ],\n  [`CREATE TABLE of_a_newer_hx (id INTEGER PRIMARY KEY)`]\n]\n"
  )
  for (const [file, variable] of [
    ["VaultDescriptor", "NEWER_VAULT"],
    ["Manifest", "NEWER_MANIFEST"]
  ] as const) {
    const path = join(directory, "src/format", `${file}.ts`)
    edit(
      path,
      "KNOWN_FEATURES: ReadonlySet<string> = new Set()",
      'KNOWN_FEATURES: ReadonlySet<string> = new Set(["time travel"])'
    )
    edit(path, "mandatory: [],", `mandatory: process.env["${variable}"] === undefined ? [] : ["time travel"],`)
  }
  const built = spawnSync(process.execPath, ["scripts/build.mjs", "--no-compile"], { cwd: directory, encoding: "utf8" })
  if (built.status !== 0) throw new Error(`the newer hx cannot be built: ${built.stderr}`)
  return join(directory, "dist", "hx.js")
}

const edit = (path: string, what: string | RegExp, by: string) => {
  const text = readFileSync(path, "utf8")
  const edited = text.replace(what, by)
  if (edited === text) throw new Error(`${path}: nothing to edit`)
  writeFileSync(path, edited)
}
