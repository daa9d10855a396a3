/**
 * The one line that hx puts into a shell's start-up file, and how the file becomes byte for byte what it was without it.
 *
 * The line ends with a mark. What uninstalling has to know beside it, that the file had no newline at its end, or was not there at all, the mark
 * says: no note of it is kept anywhere else.
 */

import type { HookedShell } from "./HookedShells.ts"
import { quoted } from "./HookScript.ts"

export type RcMark = "# hx hook" | "# hx hook, after a line that had no end" | "# hx hook, in a file made for it"

/** The text with the line in it; undefined: it is there already. `before`: null where there is no file. */
export const withHook = (before: string | null, shell: HookedShell, script: string): string | undefined => {
  const line = (mark: RcMark) => `${sourcing(shell, script)} ${mark}\n`
  if (before === null) return line("# hx hook, in a file made for it")
  const found = hookLine(before)
  if (found !== undefined) {
    const again = line(found.mark)
    return found.text === again ? undefined : before.replace(found.text, () => again)
  }
  return before === "" || before.endsWith("\n")
    ? before + line("# hx hook")
    : `${before}\n${line("# hx hook, after a line that had no end")}`
}

/** The text without it; undefined: there is no such line. Null: the file goes, since it was made for the line and holds nothing else. */
export const withoutHook = (text: string): string | null | undefined => {
  const found = hookLine(text)
  if (found === undefined) return undefined
  const at = text.indexOf(found.text)
  const [head, tail] = [text.slice(0, at), text.slice(at + found.text.length)]
  switch (found.mark) {
    case "# hx hook":
      return head + tail
    case "# hx hook, in a file made for it":
      return head + tail === "" ? null : head + tail
    case "# hx hook, after a line that had no end":
      // What others have written below it since is no part of that line.
      return tail === "" ? head.slice(0, -1) : head + tail
  }
}

/** Whether a start-up file loads the hook by a line of ours, or by one that its owner wrote. */
export const hooksIn = (text: string, shell: HookedShell): boolean =>
  hookLine(text) !== undefined || new RegExp(`^[^#\\n]*\\bhx hook ${shell}\\b`, "m").test(text)

const hookLine = (text: string): { readonly text: string; readonly mark: RcMark } | undefined => {
  const [line, mark] =
    /^.* (# hx hook(?:, after a line that had no end|, in a file made for it)?)(?:\r?\n|$)/m.exec(text) ?? []
  return line === undefined || mark === undefined ? undefined : { text: line, mark: mark as RcMark }
}

/** A file that is gone must not be an error at every start. */
const sourcing = (shell: HookedShell, script: string): string => {
  const path = quoted(shell, script)
  return shell === "fish" ? `if test -r ${path}; source ${path}; end` : `if [[ -r ${path} ]]; then source ${path}; fi`
}
