/** The simulation and hx's own code as one file that runs by itself, quick to make, so that a bug can be planted on the way. */

import { build, type Plugin } from "esbuild"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"

export interface Edit {
  readonly file: string
  /** Stands there once. */
  readonly find: string
  readonly replace: string
}

export const bundlePlayer = async (outfile: string, edit?: Edit): Promise<void> => {
  await build({
    entryPoints: ["scripts/simulation/Player.ts"],
    outfile,
    bundle: true,
    // All but what is compiled: one file is read several times faster than a thousand.
    external: ["better-sqlite3", "better-sqlite3-napi", "fsevents"],
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);'
    },
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: edit === undefined ? "inline" : false,
    define: { HX_VERSION: '"simulation"' },
    inject: ["scripts/simulation/PlainFunctions.ts"],
    logLevel: "error",
    plugins: [sources(edit), runtime]
  })
}

/** Spans that nobody reads take half of a simulation's time: named functions become plain ones, which do the same. And a passphrase becomes a key at once. */
const sources = (edit: Edit | undefined): Plugin => ({
  name: "sources",
  setup: (made) =>
    made.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8")
      const edited = edit !== undefined && path === resolve(edit.file) ? planted(text, edit) : text
      const plain = edited.replaceAll(/\bEffect\.fn\(\s*"[^"]*"\s*\)\(/g, "plainFunction(")
      return { contents: plain.replaceAll(/\bscrypt\(/g, "quickKey("), loader: "ts" }
    })
})

/**
 * For every instruction Effect's run loop calls a tracer and a frame that marks stack traces; a simulation runs millions of instructions and reads
 * neither. The instructions themselves, and their order, stay as they are. Where Effect comes to be written otherwise, this makes nothing faster, and
 * nothing wrong.
 */
const runtime: Plugin = {
  name: "runtime",
  setup: (made) =>
    made.onLoad({ filter: /[\\/]effect[\\/]dist[\\/]esm[\\/]internal[\\/](fiberRuntime|core)\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8")
      const direct = text.replaceAll(/\binternalCall\(\(\) => ((?:(?!internalCall)[^;{}])*)\)(;|\) \{)/g, "$1$2")
      const untraced = direct.replace(
        /this\.currentTracer\.context\(\(\) => \{[^]*?return this\[cur\._op\]\(cur\);\s*\}, this\);/,
        "this[cur._op](cur);"
      )
      return { contents: untraced, loader: "js" }
    })
}

const planted = (text: string, { file, find, replace }: Edit): string => {
  if (text.split(find).length !== 2) throw new Error(`${file} has to have this once: ${find}`)
  return text.replace(find, () => replace)
}
