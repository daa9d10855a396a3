/** The shim, built once for each file of tests that asks for it; and why there is none, to be told beside the tests that need it. */

import { fileURLToPath } from "node:url"
import { buildShim } from "./Shim.ts"

const built = buildShim(fileURLToPath(new URL("Shim.c", import.meta.url)))

export const shim = typeof built === "string" ? undefined : built

/** "" where there is one. */
export const WITHOUT_SHIM = typeof built === "string" ? ` (not here: ${built})` : ""
