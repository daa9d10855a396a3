/**
 * What is known of the way to a store, from what passed on it: how long silence may last before it means that nothing moves.
 *
 * - What was acknowledged need not have arrived: proxies and other kernels take megabytes at once and hand them on at the pace of the slowest link. Before
 *   the answer, silence is excused for as long as that may take: at the speed at which whole objects were answered so far, with room; until there was
 *   one, at the slowest that is waited for.
 * - Several transfers share the link. While others move, one that does not is waiting for its turn.
 */

export class Link {
  /** The transfers under way, and whether each has moved since the others looked. */
  private readonly moved = new Map<object, number>()
  private moves = 0
  /** Bytes per second of the fastest whole object; 0 before the first. */
  private best = 0

  enter(transfer: object): void {
    this.moved.set(transfer, this.moves)
  }

  leave(transfer: object): void {
    this.moved.delete(transfer)
  }

  /** An object of so many bytes was sent and answered. */
  carried(bytes: number, millis: number): void {
    if (bytes >= TELLING) this.best = Math.max(this.best, (1000 * bytes) / Math.max(1, millis))
  }

  /** How much of its waiting since it looked last counts for this transfer: all, or where others moved, its share. */
  waitingCounts(transfer: object, moved: boolean): number {
    const seen = this.moved.get(transfer) ?? this.moves
    const others = this.moves > seen
    if (moved) this.moves += 1
    this.moved.set(transfer, this.moves)
    return others ? 1 / Math.max(1, this.moved.size) : 1
  }

  /** For how long, in milliseconds, so many bytes may be on their way where nobody can see them. */
  excuse(acknowledged: number): number {
    const hidden = Math.max(0, Math.min(acknowledged, MOST_HIDDEN) - HARDLY)
    const longest = (1000 * hidden) / SLOWEST
    return this.best === 0 ? longest : Math.min(longest, (MARGIN * 1000 * hidden) / this.best)
  }
}

/** Objects below this many bytes tell more of delays than of speed. */
const TELLING = 512 * 1024

/** Bytes per second, for each of several transfers that share a link. */
const SLOWEST = 16 * 1024

/** Others may join on the link, and it may become slower. */
const MARGIN = 4

/** No more than about this many bytes hide between two ends, and no fewer matter. */
const MOST_HIDDEN = 8 * 1024 * 1024
const HARDLY = 64 * 1024
