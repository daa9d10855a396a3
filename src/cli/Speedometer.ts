/**
 * How fast work goes on, as it went of late. Not since it began: what had been done before takes no time, a link changes, retries pause. Objects follow
 * bytes in leaps (segments are applied whole), so theirs is taken over a longer time, from the first of them on.
 */

export interface Amounts {
  readonly objects: number
  /** Of the objects, those that took no time. */
  readonly skipped: number
  readonly bytes: number
}

/** Per second; 0 where nothing moved. */
export interface Speeds {
  readonly objects: number
  readonly bytes: number
}

/** In milliseconds. */
const BYTES_WINDOW = 15_000
const OBJECTS_WINDOW = 60_000
const SHORTEST = 500

export class Speedometer {
  private readonly bytes: Series
  private readonly objects: Series

  /** Milliseconds since the same moment as all times that follow. */
  constructor(began: number) {
    this.bytes = new Series(BYTES_WINDOW, began)
    this.objects = new Series(OBJECTS_WINDOW, began)
  }

  at(now: number, amounts: Amounts): Speeds {
    return {
      bytes: this.bytes.speed(now, amounts.bytes),
      objects: this.objects.speed(now, amounts.objects - amounts.skipped)
    }
  }
}

/** What there was at which moment, as far back as the window goes. */
class Series {
  private readonly window: number
  private samples: Array<readonly [at: number, amount: number]>

  constructor(window: number, began: number) {
    this.window = window
    this.samples = [[began, 0]]
  }

  speed(now: number, amount: number): number {
    // As long as nothing came, time does not count.
    if (amount === 0) this.samples = []
    this.samples.push([now, amount])
    const first = this.samples.findIndex(([at]) => at >= now - this.window)
    this.samples.splice(0, first)
    const [[at, before] = [now, amount]] = this.samples
    // What comes within one look at a clock says little about the speed.
    return (1000 * (amount - before)) / Math.max(now - at, SHORTEST)
  }
}
