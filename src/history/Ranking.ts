/** The few that come first of very many, without sorting or even keeping them all. */

export interface Ranked {
  readonly value: string
  readonly count: number
}

/** The highest counts; of equals those that come first in the alphabet. */
export class Ranking<A extends Ranked> {
  private readonly size: number
  private readonly best: Array<A> = []

  constructor(size: number) {
    this.size = size
  }

  /** Whether something with this count might still be among them. */
  admits(count: number): boolean {
    const last = this.best[this.size - 1]
    return this.size > 0 && (last === undefined || count >= last.count)
  }

  offer(one: A): void {
    if (!this.admits(one.count)) return
    let at = this.best.length
    while (at > 0 && comesBefore(one, this.best[at - 1]!)) at--
    this.best.splice(at, 0, one)
    if (this.best.length > this.size) this.best.pop()
  }

  /** Best first. */
  get list(): ReadonlyArray<A> {
    return this.best
  }
}

const comesBefore = (one: Ranked, other: Ranked): boolean =>
  one.count > other.count || (one.count === other.count && one.value < other.value)
