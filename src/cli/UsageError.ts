/** hx was called in a way it cannot follow: an option, argument or value that is not one. */

import { Data } from "effect"

export class UsageError extends Data.TaggedError("UsageError")<{
  /** What is wrong, without a full stop: "No such option". */
  readonly what: string
  /** What it is wrong with: the option, the value, the variable. Never a secret. */
  readonly subject: string
  /** The form it should have, or what to type instead. */
  readonly hint: string
}> {
  override get message(): string {
    return `${this.what}: ${this.subject}`
  }
}
