/** What one record of a spool says, from its fields and back. The fields and their order are specified in SpoolFormat.ts. */

import * as RawText from "../domain/RawText.ts"

/** Which command of which shell: what begins and what ends it have in common. */
export interface CommandKey {
  readonly session: string
  /** 1, 2, 3 … in its session. */
  readonly counter: number
  /** Microseconds since 1970. */
  readonly start: number
}

export interface Begin extends CommandKey {
  readonly kind: "begin"
  /** RawText, as typed; never empty. Of what is null below the shell did not know it. */
  readonly command: string
  readonly cwd: string | null
  readonly host: string | null
  readonly user: string | null
  readonly shell: string | null
}

export interface End extends CommandKey {
  readonly kind: "end"
  readonly exit: number | null
  /** Microseconds. */
  readonly duration: number | null
}

export type SpoolRecord = Begin | End

/** How many fields a body has. */
export const FIELDS = { b: 8, e: 5 } as const

export type Kind = keyof typeof FIELDS

/** The record that these fields make, or undefined where they make none. */
export const fromFields = (kind: Kind, fields: ReadonlyArray<Uint8Array>): SpoolRecord | undefined => {
  const [session = "", counter = "", start = "", ...rest] = fields.map(RawText.fromBytes)
  const key = { session, counter: wholeNumber(counter), start: wholeNumber(start) }
  if (!SESSION.test(session) || !isKnown(key.counter) || !isKnown(key.start)) return undefined
  const known = { session, counter: key.counter, start: key.start }
  if (kind === "b") {
    const [cwd = "", host = "", user = "", shell = "", command = ""] = rest
    if (command === "") return undefined
    return {
      kind: "begin",
      ...known,
      command,
      cwd: orNull(cwd),
      host: orNull(host),
      user: orNull(user),
      shell: orNull(shell)
    }
  }
  const [exit = "", duration = ""] = rest
  if (!isNumberOrEmpty(exit) || !isNumberOrEmpty(duration)) return undefined
  return { kind: "end", ...known, exit: wholeNumber(exit), duration: wholeNumber(duration) }
}

export const toFields = (record: SpoolRecord): ReadonlyArray<Uint8Array> => {
  const key = [record.session, String(record.counter), String(record.start)]
  const rest =
    record.kind === "begin"
      ? [record.cwd, record.host, record.user, record.shell, record.command]
      : [record.exit, record.duration]
  return [...key, ...rest].map((field) => RawText.toBytes(field === null ? "" : String(field)))
}

const SESSION = /^[0-9a-z-]{8,64}$/

const orNull = (text: string): string | null => (text === "" ? null : text)

const isNumberOrEmpty = (text: string): boolean => /^(-?\d{1,19})?$/.test(text)

const isKnown = (value: number | null): value is number => value !== null && value > 0

/** Null for what is empty, and for what no clock and no counter gives: less than zero (a clock that was set back), beyond 2^53. */
const wholeNumber = (text: string): number | null => {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1
  return Number.isSafeInteger(value) && value >= 0 ? value : null
}
