/** What `hx doctor` looks at in the history itself: the database file, whether its times make sense, and what was never taken in. */

import { Clock, Effect, Option } from "effect"
import type { Health } from "../../db/Health.ts"
import { HistoryDb } from "../../db/HistoryDb.ts"
import { DbError } from "../../db/DbError.ts"
import { databaseHealth } from "../../db/Health.ts"
import { neverImported } from "../../history/NeverImported.ts"
import { hostName } from "../../platform/HostName.ts"
import { Paths } from "../../platform/Paths.ts"
import { type Found, found, warning } from "../../store/Checks.ts"
import { ownFiles } from "../commands/run/OwnFiles.ts"
import { printable } from "../Printable.ts"
import { bytesText, momentText } from "../Units.ts"
import { type Look, ofError, problem } from "./Look.ts"

/** Bytes of a write-ahead log that should have been written back long ago. */
const LARGE_LOG = 256 * 1024 * 1024

export const database: Look<Paths> = {
  id: "database",
  needs: [],
  run: Effect.gen(function* () {
    const { database: path } = yield* Paths
    const health = yield* databaseHealth(path)
    if (Option.isNone(health)) return found("none yet: hx import makes it", { stops: true })
    const { damage } = health.value
    if (damage.length === 0) return describe(health.value)
    return yield* new DbError({ reason: "Damaged", path, detail: damage.join("; ") })
  }).pipe(Effect.mapError((error) => ({ ...ofError(error), stops: true })))
}

const describe = ({ bytes, logBytes, newest, version }: Health): Found => {
  const age =
    version < newest ? `, version ${version}: the next command brings it up to ${newest}` : `, version ${version}`
  const detail = `sound, ${bytesText(bytes)}${age}`
  return logBytes > LARGE_LOG
    ? warning(
        `${detail}; its write-ahead log has ${bytesText(logBytes)}`,
        "It is written back when no hx is running any more: end those that hang (pgrep -fl hx)."
      )
    : found(detail)
}

/** This page was written in 2026: no clock that is right says an earlier year. µs since 1970. */
const BEFORE_HX = Date.UTC(2026, 0, 1)
const A_DAY = 86_400_000

const clock: Look<HistoryDb> = {
  id: "clock",
  needs: [],
  run: Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const wrong = (subject: string) =>
      problem({ what: "The clock of this machine is wrong", subject, hint: SET_CLOCK, code: 3 })
    if (now < BEFORE_HX) return yield* Effect.fail(wrong(momentText(now * 1000)))
    const db = yield* HistoryDb
    const { last } = yield* Effect.mapError(db.history.summary, ofError)
    if (last !== null && last > (now + A_DAY) * 1000) {
      return warning(`it is ${momentText(now * 1000)}, and the newest entry is of ${momentText(last)}`, SET_CLOCK)
    }
    return found(momentText(now * 1000))
  })
}

const SET_CLOCK = "Set the clock (timedatectl set-ntp true)."

const imports: Look<HistoryDb | Paths> = {
  id: "history files",
  needs: [],
  run: Effect.gen(function* () {
    const files = yield* ownFiles
    const host = yield* hostName
    // One that cannot be read was not imported either; import says why.
    const left = yield* Effect.filter(files, (file) => Effect.orElseSucceed(neverImported(file, host), () => true))
    if (left.length > 0) return warning(`never imported: ${left.map(printable).join(", ")}`, "Take them in: hx import")
    return found(files.length === 0 ? "no shell keeps one here" : `imported: ${files.map(printable).join(", ")}`)
  })
}

export const history: ReadonlyArray<Look<HistoryDb | Paths>> = [clock, imports]
