/**
 * Everything that the commands of sync run on. Loaded by the first of them that is called: opening the database, and the code of stores and
 * formats, cost more than the rest of hx does to start.
 */

import { Layer } from "effect"
import { Paths } from "../platform/Paths.ts"
import { Settings } from "../platform/Settings.ts"
import { RequestLog } from "../store/RequestLog.ts"
import { Stores } from "../store/Stores.ts"
import { DeviceLock } from "../sync/DeviceLock.ts"
import { StoredCredentials } from "../sync/StoredCredentials.ts"
import { SyncTuning } from "../sync/SyncTuning.ts"
import { layer as usage } from "../sync/Usage.ts"
import { VaultKeys } from "../sync/VaultKeys.ts"
import { layer as history } from "./HistoryLayers.ts"
import { askForKey } from "./TerminalKey.ts"

/** What it takes to read the user's wishes; nothing is opened or created yet. */
export const wishes = Layer.provideMerge(Settings.layer, Paths.layer)

/** The rest: opens the local database, and makes it where there is none. */
export const services = Layer.mergeAll(
  Stores.layer,
  VaultKeys.layer,
  StoredCredentials.layer,
  DeviceLock.layer,
  SyncTuning.layer,
  askForKey,
  usage
).pipe(Layer.provideMerge(Layer.merge(history, RequestLog.layer)))

export const layer = Layer.provideMerge(services, wishes)
