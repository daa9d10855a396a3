/** The best of many, without sorting all of them: numbers with a score, the highest first, of equals the one that came first. */

export class BestOf {
  private numbers: Array<number> = []
  private scores: Array<number> = []
  /** What does not score more than this is not among them any more. */
  private threshold = -Infinity
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  add(number: number, score: number): void {
    if (score <= this.threshold) return
    this.numbers.push(number)
    this.scores.push(score)
    if (this.numbers.length >= 4 * this.most) this.trim()
  }

  list(): ReadonlyArray<number> {
    this.trim()
    return this.numbers
  }

  private trim(): void {
    const { numbers, scores } = this
    const order = Array.from(numbers.keys())
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, this.most)
    this.numbers = order.map((index) => numbers[index]!)
    this.scores = order.map((index) => scores[index]!)
    if (this.numbers.length === this.most) this.threshold = this.scores.at(-1)!
  }
}
