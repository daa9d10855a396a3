// Holds the README to what it says. A comment before a fenced block says how:
//
//   <!-- check: run DEVICE -->    the block is run by bash on a device of that name; every command in it has to succeed.
//                                 recovery-key.txt has the key of the vault that device one is in
//   <!-- check: help WORDS -->    the block is exactly what `hx WORDS --help` prints
//
// Beyond that, every `hx …` line of every sh block has to name a command, and options that its help lists. The bucket of the examples is a
// folder here.

import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const entry = fileURLToPath(new URL("../dist/hx.js", import.meta.url))
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
const scratch = mkdtempSync(join(tmpdir(), "hx-readme-"))
const failures = []
let checked = 0

const expect = (holds, what) => {
  checked++
  if (!holds) failures.push(what)
}

const environment = (device) => {
  const home = join(scratch, device)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, ".zsh_history"), ": 1700000000:0;docker run --rm alpine\n: 1700000060:2;git status\n")
  const { PATH, LANG } = process.env
  return { PATH: `${join(scratch, "bin")}:${PATH}`, LANG, HOME: home, SHELL: "/bin/zsh", SHARED: scratch }
}

const hx = (words, device = "help") =>
  spawnSync(process.execPath, [entry, ...words], { env: environment(device), encoding: "utf8" })

mkdirSync(join(scratch, "bin"))
writeFileSync(join(scratch, "bin", "hx"), `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`)
chmodSync(join(scratch, "bin", "hx"), 0o755)

for (const [, mark, language, body] of readme.matchAll(/(?:<!-- check: (.*?) -->\n+)?```(\w*)\n(.*?)```/gs)) {
  const [kind, ...words] = (mark ?? "").trim().split(" ")
  if (kind === "help") {
    expect(
      hx([...words, "--help"]).stdout === body,
      `the help of hx ${words.join(" ")} differs: node dist/hx.js ${words.join(" ")} --help`
    )
  }
  if (kind === "run") {
    const { recoveryKey } = JSON.parse(hx(["sync", "key", "--json"], "one").stdout || "{}")
    writeFileSync(join(scratch, "recovery-key.txt"), `${recoveryKey ?? ""}\n`, { mode: 0o600 })
    const script = body.replaceAll(/s3:\/\/your-bucket[^"]*/g, `folder:${join(scratch, "store")}`)
    const { status, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", script], {
      cwd: scratch,
      env: environment(words[0] ?? "one"),
      encoding: "utf8"
    })
    expect(status === 0, `this block failed with ${status}:\n${body}${stderr}`)
  }
  if (language === "sh") for (const line of body.split("\n")) checkLine(line)
}

rmSync(scratch, { recursive: true, force: true })
for (const failure of failures) console.error(`README: ${failure}`)
console.log(`README: ${checked} checks, ${failures.length} failed`)
process.exit(failures.length === 0 ? 0 : 1)

function checkLine(line) {
  const command = /^(?:\$ )?hx ([^#|>]*)/.exec(line)?.[1]
  if (command === undefined) return
  const words = command.split(/\s+/)
  const end = words.findIndex((word) => !/^[a-z]+$/.test(word))
  const names = words.slice(0, end === -1 ? words.length : end)
  // Words after the command's name may be arguments; the longest leading part that has a help is the command.
  let help
  while ((help = hx([...names, "--help"])).status !== 0 && names.length > 0) names.pop()
  expect(help.status === 0, `no such command: hx ${command}`)
  for (const option of command.match(/--[a-z][a-z-]*/g) ?? []) {
    expect(help.stdout.includes(option), `hx ${names.join(" ")} has no ${option}`)
  }
}
