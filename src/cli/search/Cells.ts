/** Pieces of a line that never take more cells than there are, whatever is in them: colours count for nothing, wide characters for two. */

import { truncate, widthOf } from "../Printable.ts"

export type Paint = "plain" | "dim" | "hit" | "bad" | "good" | "mark" | "strong" | "key"

export interface Piece {
  /** Printable text. */
  readonly text: string
  readonly paint: Paint
}

export const piece = (text: string, paint: Paint = "plain"): Piece => ({ text, paint })

export const widthOfPieces = (pieces: ReadonlyArray<Piece>): number =>
  pieces.reduce((sum, { text }) => sum + widthOf(text), 0)

/** At most so many cells; an ellipsis ends what is cut. */
export const clip = (pieces: ReadonlyArray<Piece>, cells: number): ReadonlyArray<Piece> => {
  const kept: Array<Piece> = []
  let room = cells
  for (const [index, { paint, text }] of pieces.entries()) {
    const width = widthOf(text)
    const isLast = pieces.slice(index + 1).every((each) => each.text === "")
    // What follows needs at least the cell of the ellipsis.
    if (width < room || (width === room && isLast)) {
      kept.push({ paint, text })
      room -= width
      continue
    }
    const short = truncate(text, room)
    kept.push({ paint, text: short === text && !isLast ? truncate(`${text}  `, room) : short })
    break
  }
  return kept
}

/** The left ones, cut to leave room, and the right ones at the right edge; where there is no room for both, the left ones alone. */
export const spread = (
  left: ReadonlyArray<Piece>,
  right: ReadonlyArray<Piece>,
  cells: number
): ReadonlyArray<Piece> => {
  const width = widthOfPieces(right)
  if (width === 0 || width + LEAST > cells) return clip(left, cells)
  const cut = clip(left, cells - width - 1)
  const gap = cells - width - widthOfPieces(cut)
  return [...cut, piece(" ".repeat(Math.max(1, gap))), ...right]
}

/** Cells for the left side that can still be read. */
const LEAST = 12
