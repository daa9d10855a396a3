/** A terminal that a test types on, with tmux. */

import { spawnSync } from "node:child_process"
import { expect } from "vitest"

export const tmuxWorks = spawnSync("tmux", ["-V"]).status === 0

export interface Terminal {
  /** Types text as it is. */
  readonly type: (text: string) => void
  /** Presses keys by tmux's names: "Tab", "Enter", "C-u". */
  readonly press: (...keys: ReadonlyArray<string>) => void
  /** What is on the screen, without blanks at the ends of lines. */
  readonly screen: () => string
  /** Waits until the screen shows something that matches. */
  readonly shows: (what: RegExp) => Promise<string>
  readonly resize: (columns: number, rows: number) => void
  readonly close: () => void
}

let opened = 0

export const openTerminal = (
  name: string,
  program: ReadonlyArray<string>,
  options: {
    readonly env: Readonly<Record<string, string>>
    readonly cwd: string
    readonly columns?: number
    readonly rows?: number
  }
): Terminal => {
  // A server of its own: one that is about to end takes no sessions.
  const server = ["-L", `hx-test-${process.pid}-${name}-${++opened}`, "-f", "/dev/null"]
  const tmux = (...words: ReadonlyArray<string>) => {
    const { status, stderr, stdout } = spawnSync("tmux", [...server, ...words], {
      env: { ...options.env, TERM: "xterm" },
      cwd: options.cwd,
      encoding: "utf8"
    })
    if (status !== 0) throw new Error(`tmux ${words.join(" ")}: ${stderr}`)
    return stdout
  }
  const size = ["-x", String(options.columns ?? 120), "-y", String(options.rows ?? 50)]
  tmux("-u", "new-session", "-d", ...size, ...program)
  const screen = () => tmux("capture-pane", "-p")
  return {
    type: (text) => void tmux("send-keys", "-l", "--", text),
    press: (...keys) => void tmux("send-keys", ...keys),
    screen,
    shows: async (what) => {
      await expect.poll(screen, { timeout: 15_000, interval: 50 }).toMatch(what)
      return screen()
    },
    resize: (columns, rows) => void tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    close: () => void spawnSync("tmux", [...server, "kill-server"], { env: options.env })
  }
}
