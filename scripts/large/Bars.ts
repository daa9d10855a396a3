/** Reads what a progress bar showed, to hold it against what came through the gate. */

export interface Shown {
  /** As many of the title's objects as were shown. */
  readonly objects: number
  readonly expected: number
  /** Undefined where none were shown. */
  readonly bytes: number | undefined
  readonly total: number | undefined
  /** Bytes per second. */
  readonly rate: number | undefined
  /** Seconds. */
  readonly left: number | undefined
}

/** The last bar in the text of a terminal; undefined before the first. */
export const lastBar = (terminal: string, title: string): Shown | undefined => {
  const from = terminal.lastIndexOf(`${title}: `)
  if (from === -1) return undefined
  const line = /^[^\r\n\u001b]*/.exec(terminal.slice(from))?.[0] ?? ""
  const counts = /: ([\d,]+)\/([\d,]+) /.exec(line)
  if (counts === null) return undefined
  const bytes = /, ([\d.]+ \w+) of (?:about )?([\d.]+ \w+)/.exec(line)
  return {
    objects: number(counts[1]),
    expected: number(counts[2]),
    bytes: bytesOf(bytes?.[1]),
    total: bytesOf(bytes?.[2]),
    rate: bytesOf(/, ([\d.]+ [KMG]?i?B)\/s/.exec(line)?.[1]),
    left: secondsOf(/, ([\d mins]+) left/.exec(line)?.[1])
  }
}

const number = (text = ""): number => Number(text.replaceAll(",", ""))

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

const bytesOf = (text: string | undefined): number | undefined => {
  const [amount, unit] = text?.split(" ") ?? []
  return amount === undefined ? undefined : Number(amount) * (UNITS[unit ?? "B"] ?? 1)
}

const secondsOf = (text: string | undefined): number | undefined => {
  const found = /(?:(\d+) min )?(\d+) s/.exec(text ?? "")
  return found === null ? undefined : 60 * Number(found[1] ?? 0) + Number(found[2])
}
