#!/usr/bin/env node
// The start of hx: built into dist/hx.js by scripts/build.mjs, which fills in the names in capitals.
//
// Compiling hx takes longer than running it. So the build runs each part once and keeps V8's compiled code beside it; that code is used by the
// very Node.js it was made with. Any other one compiles anew, and from 22.1 on keeps its own cache.
"use strict"

const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  const lines = ["This Node.js is too old for hx", `  ${process.execPath}, version ${process.versions.node}`]
  process.stderr.write(`${lines.join("\n")}\n  Install Node.js 24, 22 or at least 20.19.\n`)
  process.exit(2)
}

if (process.argv.length === 3 && process.argv[2] === "--version") {
  process.stdout.write("hx HX_VERSION\n")
  return
}

// The AWS SDK prints a warning on Node.js 20 that users can do nothing about.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true"

const { readFileSync } = require("node:fs")
const { createRequire, enableCompileCache } = require("node:module")
const { join } = require("node:path")
const { Script } = require("node:vm")

const folder = join(__dirname, "app")
const compiledHere = process.version === "HX_NODE" && process.arch === "HX_ARCH"
const parts = new Map()

const load = (name) => {
  const known = parts.get(name)
  if (known !== undefined) return known.module.exports
  const filename = join(folder, name)
  const source = `(function(exports,require,module,__filename,__dirname){${readFileSync(filename, "utf8")}\n})`
  // The name is for stack traces; a full path would be that of the build.
  const script = new Script(source, { filename: `hx/${name}`, cachedData: compiledCode(filename) })
  const part = { filename, script, module: { exports: {} } }
  parts.set(name, part)
  const inner = createRequire(filename)
  const require = (id) => (id.startsWith("./") ? load(id.slice(2)) : inner(id))
  script.runInThisContext()(part.module.exports, require, part.module, filename, folder)
  return part.module.exports
}

const compiledCode = (filename) => {
  try {
    return readFileSync(`${filename}.compiled`)
  } catch {
    return undefined
  }
}

if (compiledHere) load("HX_MAIN")
else {
  enableCompileCache?.()
  require(join(folder, "HX_MAIN"))
}
