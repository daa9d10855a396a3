/** A page about one thing that concerns several commands: for `hx help TOPIC` and for the manual page. */

export interface Topic {
  readonly title: string
  readonly blocks: ReadonlyArray<Block>
}

/** A paragraph is a text on one line; it is broken where it is shown. */
export type Block = string | Heading | Rows | Lines

export interface Heading {
  readonly heading: string
}

/** Names, and what each means. */
export interface Rows {
  readonly rows: ReadonlyArray<readonly [name: string, meaning: string]>
}

/** To be typed or read as they stand. */
export interface Lines {
  readonly lines: ReadonlyArray<string>
}
