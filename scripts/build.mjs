// Builds dist: one entry, and the program in parts that load when they are needed; and the manual page, man/hx.1.
//
//   node scripts/build.mjs [--metafile FILE] [--no-compile]
//
// esbuild splits only ES modules, and V8 lends its compiled code only to scripts. So the parts are bundled as ES modules and then turned into
// CommonJS one by one; scripts/entry.cjs loads them.

import { build, transform } from "esbuild"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
// Built beside dist and then moved there, so that a running hx or another build never meets half of it.
const finished = join(root, "dist")
const dist = join(root, `dist-${process.pid}`)
const metafile = argument("--metafile")
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

// Commands whose code is worth compiling ahead, in the order of their worth.
const WARM_UP = [
  ["find", "x"],
  ["last"],
  ["status"],
  ["sync", "status"],
  ["--help"],
  ["no-such-command"],
  ["completion-values", "hosts"]
]

process.on("exit", () => rmSync(dist, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1))
mkdirSync(join(dist, "app"), { recursive: true })
const main = await bundle()
writeEntry(main)
if (!process.argv.includes("--no-compile")) compileAhead()
replaceFinished()
writeManual()

async function bundle() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ["src/bin.ts"],
    outdir: join(dist, "app"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    external: ["better-sqlite3"],
    loader: { ".zsh": "text", ".bash": "text", ".fish": "text" },
    plugins: [withoutGenerators(), withoutBarrel()],
    define: { HX_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
    // Names stay, so that a reported stack can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning"
  })
  for (const file of result.outputFiles) {
    const { code } = await transform(file.text, {
      format: "cjs",
      platform: "node",
      target: "node20",
      supported: { "dynamic-import": false },
      minifyWhitespace: true,
      logLevel: "warning"
    })
    writeFileSync(join(dist, "app", basename(file.path)), withSqliteOf(withoutCopy(code)))
  }
  if (metafile !== undefined) writeFileSync(metafile, JSON.stringify(result.metafile))
  return "bin.js"
}

/**
 * From Node.js 24.19 on, better-sqlite3 up to 12 aborts the process whenever a statement is collected while no JavaScript runs. Version 13 is built
 * on Node-API and does not, but needs Node.js 22. So both are installed: Node.js 20 loads the former, all later ones the latter.
 */
function withSqliteOf(code) {
  const choice = 'parseInt(process.versions.node)>=22?"better-sqlite3-napi":"better-sqlite3"'
  return code.replaceAll('require("better-sqlite3")', `require(${choice})`)
}

/** effect's Schema can make random values for tests, with fast-check: nothing that hx does at run time. */
function withoutGenerators() {
  return {
    name: "without-generators",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^fast-check$/ }, () => ({ path: "fast-check", namespace: "left-out", sideEffects: false }))
      onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {}", loader: "js" }))
    }
  }
}

/**
 * `import { Effect } from "effect"` becomes `import * as Effect from "effect/Effect"`. The same, but esbuild sees which members are used only in
 * the latter form; from the former it makes an object with a getter for each of some hundred members, at every start.
 */
function withoutBarrel() {
  const statement = /^import \{([^}]*)\} from "effect"$/gm
  const rewrite = (_, names) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => {
        const [member, local = member] = name.split(" as ")
        return /^[A-Z]/.test(member)
          ? `import * as ${local} from "effect/${member}"`
          : `import { ${member} as ${local} } from "effect/Function"`
      })
      .join(";")
  return {
    name: "without-barrel",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]src[\\/][^?]*\.ts$/ }, ({ path }) =>
        path.includes("node_modules")
          ? undefined
          : { contents: readFileSync(path, "utf8").replace(statement, rewrite), loader: "ts" }
      )
    }
  }
}

/** The object of a part's exports is used as it is; esbuild would make a copy with one more getter for each. */
function withoutCopy(code) {
  const copied = /module\.exports=__toCommonJS\((\w+)\)/
  return code.replace(copied, (_, name) => `module.exports=Object.defineProperty(${name},"__esModule",{value:true})`)
}

function writeEntry(main) {
  const text = readFileSync(join(root, "scripts", "entry.cjs"), "utf8")
  const filled = text
    .replaceAll("HX_VERSION", version)
    .replaceAll("HX_NODE", process.version)
    .replaceAll("HX_ARCH", process.arch)
    .replaceAll("HX_MAIN", main)
  writeFileSync(join(dist, "hx.js"), filled)
  chmodSync(join(dist, "hx.js"), 0o755)
  writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n')
}

/** Runs the commands on an empty data directory and keeps what V8 has compiled by then. Nothing is lost where this fails but speed. */
function compileAhead() {
  const scratch = mkdtempSync(join(tmpdir(), "hx-build-"))
  const runner = join(dist, "compile.js")
  const keep = `
process.on("exit", () => {
  const { existsSync, writeFileSync } = require("node:fs")
  for (const { filename, script } of parts.values()) {
    if (!existsSync(filename + ".compiled")) writeFileSync(filename + ".compiled", script.createCachedData())
  }
})
`
  const entry = readFileSync(join(dist, "hx.js"), "utf8")
  writeFileSync(runner, entry.replace("\nif (compiledHere)", `${keep}\nif (compiledHere)`))
  const env = {
    ...process.env,
    HOME: scratch,
    HX_DATA_DIR: join(scratch, "data"),
    HX_CONFIG_DIR: join(scratch, "config")
  }
  for (const words of WARM_UP)
    spawnSync(process.execPath, [runner, ...words], { env, stdio: "ignore", timeout: 60_000 })
  // A search wants a terminal, which util-linux's script(1) gives it; a letter, and Escape to leave.
  const search = `'${process.execPath}' '${runner}' search git`
  spawnSync("script", ["-qec", search, "/dev/null"], {
    env,
    input: "x\u001B",
    stdio: ["pipe", "ignore", "ignore"],
    timeout: 60_000
  })
  rmSync(runner)
  rmSync(scratch, { recursive: true, force: true })
}

function replaceFinished() {
  const replaced = `${dist}-replaced`
  if (existsSync(finished)) renameSync(finished, replaced)
  renameSync(dist, finished)
  rmSync(replaced, { recursive: true, force: true })
}

function writeManual() {
  const { status } = spawnSync(process.execPath, ["scripts/run.mjs", "scripts/man.ts"], { cwd: root, stdio: "inherit" })
  if (status !== 0) throw new Error("the manual page cannot be written")
}

function argument(name) {
  const index = process.argv.indexOf(name)
  return index === -1 ? undefined : process.argv[index + 1]
}
