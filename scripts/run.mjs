// Runs a script that is written in TypeScript and may import from src, which Node.js 20 cannot do by itself.
//
//   node scripts/run.mjs scripts/demo/Demo.ts [WORD …]
//
// The script and what it imports of ours become one file under node_modules/.cache; packages stay where they are.

import { build } from "esbuild"
import { readFileSync, rmSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const [script, ...words] = process.argv.slice(2)
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const outfile = join(root, "node_modules", ".cache", "hx-scripts", `${basename(script, ".ts")}-${process.pid}.mjs`)

await build({
  entryPoints: [resolve(script)],
  outfile,
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "inline",
  loader: { ".zsh": "text", ".bash": "text", ".fish": "text" },
  define: { HX_VERSION: JSON.stringify(version) },
  logLevel: "warning"
})

process.argv = [process.argv[0], resolve(script), ...words]
process.on("exit", () => rmSync(outfile, { force: true }))
await import(pathToFileURL(outfile).href)
