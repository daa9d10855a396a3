/** Something that was looked for and found: `hx sync check` and `hx doctor` have told all of it, and end with the first. */

import { Data } from "effect"
import type { Report } from "./ErrorReport.ts"

export class Diagnosed extends Data.TaggedError("Diagnosed")<{ readonly report: Report }> {
  override get message(): string {
    return `${this.report.what}: ${this.report.subject}`
  }
}
