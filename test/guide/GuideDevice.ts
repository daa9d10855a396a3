/**
 * A device that a page of the guide talks about: a home of its own and a shell, whose variables and directory stay from block to block, as they do
 * for somebody who pastes one block after the other.
 */

import { spawn } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ENTRY } from "../cli/Hx.ts"

export interface GuideDevice {
  readonly directory: () => string
  readonly run: (script: string) => Promise<{ readonly code: number; readonly printed: string }>
}

export const makeGuideDevice = (
  scratch: string,
  name: string,
  extra: Readonly<Record<string, string>>
): GuideDevice => {
  const home = join(scratch, name)
  const bin = join(scratch, "bin")
  const state = join(scratch, `${name}.state`)
  mkdirSync(home, { recursive: true })
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, "hx"), `#!/bin/sh\nexec '${process.execPath}' '${ENTRY}' "$@"\n`)
  chmodSync(join(bin, "hx"), 0o755)
  const environment = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    LANG: "C.UTF-8",
    TZ: "UTC",
    HOME: home,
    SHELL: "/bin/zsh",
    // The pager of the AWS tools would wait for a key.
    AWS_PAGER: "",
    ...extra
  }
  const directory = () => (existsSync(`${state}.pwd`) ? readFileSync(`${state}.pwd`, "utf8").trim() : home)
  return {
    directory,
    run: (script) => {
      const file = `${state}.sh`
      writeFileSync(file, script)
      const wrapped = [
        existsSync(state) ? `. '${state}'` : "",
        `cd '${directory()}'`,
        `trap 'code=$?; declare -px >"${state}"; pwd >"${state}.pwd"; exit $code' EXIT`,
        "set -eo pipefail",
        `. '${file}'`
      ].join("\n")
      return new Promise((resolve, reject) => {
        const child = spawn("bash", ["--norc", "-c", `{ ${wrapped}\n} 2>&1`], {
          env: environment,
          stdio: ["ignore", "pipe", "ignore"],
          timeout: 120_000
        })
        const chunks: Array<Buffer> = []
        child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
        child.on("error", reject)
        child.on("close", (code) => resolve({ code: code ?? -1, printed: Buffer.concat(chunks).toString("utf8") }))
      })
    }
  }
}
