/** Who this installation is: kept in the database, since log and identity belong together. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import { type Connection, scalar } from "./Connection.ts"
import { dbError } from "./DbError.ts"
import type { ThisDevice } from "./HistoryDb.ts"

export const makeThisDevice = (connection: Connection): ThisDevice => {
  const failing = Effect.mapError(dbError(connection.path))
  return {
    id: deviceId(connection).pipe(failing, Effect.withSpan("ThisDevice.id")),
    label: Effect.map(meta(connection, "label"), (label) => label ?? "").pipe(
      failing,
      Effect.withSpan("ThisDevice.label")
    ),
    rename: Effect.fn("ThisDevice.rename")((label: string) =>
      setMeta(connection, "label", label).pipe(connection.transaction, failing)
    )
  }
}

/** Written when the database is created. */
export const deviceId = (connection: Connection): Effect.Effect<DeviceId, SqlError> =>
  Effect.map(meta(connection, "device"), (id) => id as DeviceId)

export const setDeviceId = (connection: Connection, id: DeviceId) => setMeta(connection, "device", id)

const meta = ({ sql }: Connection, key: string) => scalar<string>(sql`SELECT value FROM meta WHERE key = ${key}`)

const setMeta = ({ sql }: Connection, key: string, value: string) =>
  Effect.asVoid(
    sql`INSERT INTO meta (key, value) VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
  )
