/** Numbers that a seed decides: the same seed, the same numbers, on every machine. */

/** A sequence of its own for each seed; `mixed` begins one for a part of the whole, so that leaving out one part changes no other. */
export class Random {
  #state: number

  constructor(seed: string) {
    // FNV-1a: only for spreading; a seed's first numbers are well mixed by what follows.
    let hash = 0x811c9dc5
    for (let index = 0; index < seed.length; index++) hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193)
    this.#state = hash >>> 0
  }

  /** 0 ≤ … < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** 0 … below − 1. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** first … last. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<A>(from: ReadonlyArray<A>): A {
    return from[this.below(from.length)]!
  }

  /** One of these, as often as its weight says. */
  weighted<A extends string>(weights: Readonly<Partial<Record<A, number>>>): A {
    const all = Object.entries<number | undefined>(weights).map(([name, weight]) => [name as A, weight ?? 0] as const)
    let left = this.next() * all.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of all) {
      left -= weight
      if (left < 0) return name
    }
    return all[0]![0]
  }
}
