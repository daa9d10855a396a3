/** What one measure found, and what it should have been. */

export interface Row {
  readonly measure: string
  /** Entries; null where it does not depend on how many there are. */
  readonly size: number | null
  readonly goal: string
  readonly measured: string
  /** Null: there is no goal for it. */
  readonly met: boolean | null
  /** What it was made of. */
  readonly detail: string
}

export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

/** Below this many entries start-up is most of the time, and most of the memory is Node.js's own: shown, but not judged. */
export const judged = (size: number | null): boolean => size === null || size >= 100_000

export interface Timed {
  readonly wall: number
  readonly cpu: number
}

/**
 * How many times longer one took than the other: the median over pairs that ran right after each other. The ratio of processor times stands
 * beside it, which other work on the machine does not move.
 */
export const ratioRow = (
  row: Pick<Row, "measure" | "size">,
  goal: number,
  pairs: ReadonlyArray<readonly [ours: Timed, other: Timed]>,
  names: readonly [ours: string, other: string]
): Row => {
  const wall = median(pairs.map(([ours, other]) => ours.wall / other.wall))
  const cpu = median(pairs.map(([ours, other]) => ours.cpu / other.cpu))
  const [ours, other] = [median(pairs.map(([each]) => each.wall)), median(pairs.map(([, each]) => each.wall))]
  return {
    ...row,
    goal: `≤ ${goal} ×`,
    measured: `${wall.toFixed(2)} ×`,
    met: judged(row.size) ? wall <= goal : null,
    detail: `${names[0]} ${seconds(ours)}, ${names[1]} ${seconds(other)}; processor time ${cpu.toFixed(2)} ×`
  }
}

export const seconds = (milliseconds: number): string =>
  milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`

export const megabytes = (bytes: number): string =>
  bytes < 1_000_000
    ? `${(bytes / 1000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 2 : 0)} MB`
