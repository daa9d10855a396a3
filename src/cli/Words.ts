/** What every error is told with, beside what it happened to. */

import type { ExitCode } from "./ExitCodes.ts"

export type Words = readonly [code: ExitCode, what: string, hint: string]

/** The last words of what should never happen. */
export const REPORT = "This is a bug in hx. Please report it with the output of --log-level debug."
