/** How a failure has to be told: three lines, the code of its kind, no stack, no secret, and nothing on standard output. */

import { expect } from "vitest"
import type { Ran } from "../Hx.ts"

export interface Told {
  readonly code: number
  /** How the first line begins. */
  readonly words: string
  /** What the second line names. */
  readonly subject: ReadonlyArray<string>
  /** What the third line advises. */
  readonly hint: string
  /** Standard output, where the command had something to say all the same. */
  readonly stdout?: RegExp
}

export const expectTold = (ran: Ran, told: Told, secrets: ReadonlyArray<string>): void => {
  const { code, stderr, stdout } = ran
  const [what = "", subject = "", hint = "", ...more] = stderr
    .split("\n")
    .slice(0, -1)
    .filter((line) => !line.startsWith("warn: "))
  expect({ code, what }, stderr).toEqual({ code: told.code, what: expect.stringContaining(told.words) })
  expect(what.startsWith(told.words), stderr).toBe(true)
  for (const part of told.subject) expect(subject).toContain(part)
  expect(hint).toContain(told.hint)
  expect(more, stderr).toEqual([])
  expect(
    [subject, hint].every((line) => /^ {2}\S/.test(line)),
    stderr
  ).toBe(true)
  expect(stdout).toMatch(told.stdout ?? /^$/)
  expectClean(ran, secrets)
}

/** Neither a stack nor a secret. */
export const expectClean = ({ stderr, stdout }: Ran, secrets: ReadonlyArray<string>): void => {
  expect(stdout + stderr).not.toMatch(/^\s+at .*[:(]/m)
  expect(stdout + stderr).not.toContain("AWS4-HMAC-SHA256")
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret)
}
