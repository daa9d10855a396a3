/**
 * What a shell runs to be recorded: one script for each shell (hooks/), with what it cannot know by itself filled in.
 */

import type { HookedShell } from "./HookedShells.ts"
import bash from "./hooks/hx.bash"
import fish from "./hooks/hx.fish"
import zsh from "./hooks/hx.zsh"

export interface HookWishes {
  /** What is run where there is no `hx` in the PATH: an absolute path. */
  readonly program: string
  /** Whether Ctrl-R is for hx. */
  readonly ctrlR: boolean
  /** Whether the up arrow is, too. */
  readonly up: boolean
}

export const hookScript = (shell: HookedShell, { ctrlR, program, up }: HookWishes): string =>
  SCRIPTS[shell]
    .replace("'@PROGRAM@'", () => quoted(shell, program))
    .replace("@CTRL_R@", ctrlR ? "yes" : "no")
    .replace("@UP@", up ? "yes" : "no")

/** A word that the shell takes as it stands. */
export const quoted = (shell: HookedShell, text: string): string =>
  shell === "fish"
    ? `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`
    : `'${text.replaceAll("'", "'\\''")}'`

const SCRIPTS: Readonly<Record<HookedShell, string>> = { zsh, bash, fish }
