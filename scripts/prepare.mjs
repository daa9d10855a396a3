// npm's `prepare`: builds dist. `npm i -g .` on a fresh clone only links the folder and installs nothing in it, so what the build and hx itself
// need is installed first where it is missing.

import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = new URL("..", import.meta.url)
const has = (name) => existsSync(new URL(`node_modules/${name}/package.json`, root))
const run = (command, words, env) => execFileSync(command, words, { cwd: fileURLToPath(root), stdio: "inherit", env })

if (has("esbuild") && has("better-sqlite3")) run(process.execPath, ["scripts/build.mjs"], process.env)
else {
  // The outer npm's settings (global, prefix) come as variables and would send this one elsewhere. It runs `prepare` again, with all in place.
  const inherited = /^npm_(config_(global|prefix|local_prefix|location|omit|install_links)|command)$/i
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)))
  run("npm", ["ci", "--include=dev"], env)
}
