/** What `hx doctor` looks at, one thing each: a check whose failures are what the error report has words for. */

import type { Failed } from "../../store/Checks.ts"
import type { Check } from "../../store/Checks.ts"
import { Diagnosed } from "../Diagnosed.ts"
import type { Report, Reportable } from "../ErrorReport.ts"

export type Look<R = never> = Check<Reportable, R>

/** Something is wrong that no command has failed with yet. */
export const problem = (report: Report): Failed<Reportable> => ({ error: new Diagnosed({ report }), stops: false })

/** Something is wrong in the way that this error says. Other things are looked at all the same. */
export const ofError = (error: Reportable): Failed<Reportable> => ({ error, stops: false })
