/** This machine's name: the host of what is captured here, and what a device is called until it is given a name. */

import { Effect } from "effect"
import { hostname } from "node:os"

export const hostName: Effect.Effect<string> = Effect.sync(hostname)
