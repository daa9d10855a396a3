/** A small generator of random numbers (sfc32): the same seed gives the same numbers everywhere. Not for keys. */
export class SeededRandom {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number) {
    this.a = seed | 0
    this.b = Math.floor(seed / 2 ** 32) | 0
    this.c = 0x9e3779b9 | 0
    for (let round = 0; round < 15; round++) this.next32()
  }

  /** 0 to 2^32 - 1. */
  next32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + sum) | 0
    return sum >>> 0
  }

  /** From 0 up to 1, never 1 itself. */
  unit(): number {
    return this.next32() / 2 ** 32
  }

  /** 0 to n - 1, each as likely. */
  below(n: number): number {
    return Math.floor(this.unit() * n)
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<A>(list: ReadonlyArray<A>): A {
    const value = list[this.below(list.length)]
    if (value === undefined) throw new RangeError("nothing to pick from")
    return value
  }

  /** The first ones far more often than the last: the n-th about 1/n as often as the first. */
  pickSkewed<A>(list: ReadonlyArray<A>): A {
    const value = list[Math.floor(Math.exp(this.unit() * Math.log(list.length + 1))) - 1]
    if (value === undefined) throw new RangeError("nothing to pick from")
    return value
  }

  /** Spread evenly over the orders of magnitude between two positive bounds. */
  logUniform(low: number, high: number): number {
    return low * Math.exp(this.unit() * Math.log(high / low))
  }

  hex(digits: number): string {
    let text = ""
    while (text.length < digits) text += this.next32().toString(16).padStart(8, "0")
    return text.slice(0, digits)
  }
}
