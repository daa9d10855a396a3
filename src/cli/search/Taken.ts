/** What the person chose, and what a shell may do with it. */

export interface Taken {
  readonly command: string
  /** Of the entry that was on the screen. */
  readonly id: string
  /** The shell is asked to run it at once; else to put it on its line. */
  readonly run: boolean
}

/** For standard output: to a shell's hook with a line before it that says what to do. */
export const takenText = ({ command, run }: Taken, hook: boolean): string =>
  hook ? `${run ? "run" : "insert"}\n${command}` : `${command}\n`

/**
 * Whether a command may run without having been on the line first. What was never run on this device came from another one: on several lines, or with
 * characters that a terminal does not show, it may be more than it seems.
 */
export const mayRun = (command: string, ranHere: boolean): boolean => ranHere || PLAIN.test(command)

const PLAIN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*$/u
