/** What `hx doctor` looks at in the shells: whether they complete the words of hx. */

import { Effect, Option } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { basename, isAbsolute, join } from "node:path"
import { Paths } from "../../platform/Paths.ts"
import { firstVariable, variable } from "../../platform/Variables.ts"
import { found } from "../../store/Checks.ts"
import type { Look } from "./Look.ts"

/** Nobody needs them, so that their lack is no warning. */
export const completions: Look<Paths> = {
  id: "completions",
  needs: [],
  run: Effect.gen(function* () {
    const shell = basename(Option.getOrElse(yield* variable("SHELL"), () => ""))
    const places = PLACES[shell]
    if (places === undefined) return found(shell === "" ? "no shell is known" : `there are none for ${shell}`)
    const { files, rc } = places(yield* surroundings)
    const file = files.find((path) => existsSync(path))
    if (file !== undefined) return found(`${shell} finds them in ${file}`)
    const read = rc.find((path) => /\bhx completions\b/.test(textOf(path)))
    if (read !== undefined) return found(`${shell} loads them in ${read}`)
    return found(`not installed for ${shell}`, { cure: `To have them: ${CURES[shell] ?? ""}` })
  })
}

interface Surroundings {
  readonly home: string
  readonly config: string
  readonly data: string
  readonly zdot: string
}

const surroundings = Effect.gen(function* () {
  const { home } = yield* Paths
  const directory = (name: string, fallback: string) =>
    Effect.map(firstVariable([name]), (set) =>
      Option.getOrElse(Option.filter(set, isAbsolute), () => join(home, fallback))
    )
  return {
    home,
    config: yield* directory("XDG_CONFIG_HOME", ".config"),
    data: yield* directory("XDG_DATA_HOME", ".local/share"),
    zdot: yield* directory("ZDOTDIR", "")
  } satisfies Surroundings
})

interface Places {
  /** Where their completion files are looked for. */
  readonly files: ReadonlyArray<string>
  /** Where they may be loaded from hx itself. */
  readonly rc: ReadonlyArray<string>
}

const PLACES: Readonly<Record<string, (at: Surroundings) => Places>> = {
  zsh: ({ data, home, zdot }) => ({
    files: [
      ...[".zfunc", ".zsh/completions", ".zsh/functions"].map((name) => join(home, name, "_hx")),
      ...[join(data, "zsh"), "/usr/local/share/zsh", "/usr/share/zsh"].map((base) =>
        join(base, "site-functions", "_hx")
      ),
      "/usr/share/zsh/vendor-completions/_hx"
    ],
    rc: [join(zdot, ".zshrc"), join(zdot, ".zshenv")]
  }),
  bash: ({ data, home }) => ({
    files: [
      join(data, "bash-completion", "completions", "hx"),
      "/usr/local/share/bash-completion/completions/hx",
      "/usr/share/bash-completion/completions/hx",
      "/etc/bash_completion.d/hx"
    ],
    rc: [".bashrc", ".bash_profile", ".bash_completion", ".profile"].map((name) => join(home, name))
  }),
  fish: ({ config, data }) => ({
    files: [
      join(config, "fish", "completions", "hx.fish"),
      join(data, "fish", "vendor_completions.d", "hx.fish"),
      "/usr/share/fish/vendor_completions.d/hx.fish"
    ],
    rc: [join(config, "fish", "config.fish")]
  })
}

/** As in the README. */
const CURES: Readonly<Record<string, string>> = {
  zsh: "put source <(hx completions zsh) into ~/.zshrc, after compinit",
  bash: "put source <(hx completions bash) into ~/.bashrc",
  fish: "hx completions fish > ~/.config/fish/completions/hx.fish"
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
