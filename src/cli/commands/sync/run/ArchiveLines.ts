/** What pull says of archived objects: how many, whose, how long a restore takes and what it costs; and what became of asking for one. */

import { RESTORED_DAYS } from "../../../../store/ArchiveClass.ts"
import { type ArchiveSummary, dollarsText, hoursText, summariseArchived } from "../../../../sync/Archived.ts"
import { CLASSES_AS_OF } from "../../../../sync/ClassPrices.ts"
import type { RestoreReport } from "../../../../sync/Restore.ts"
import type { Problem } from "../../../../sync/SyncError.ts"
import type { Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { bytesText, counted } from "../../../Units.ts"

/** A line for each device, and one for the wait; none where nothing is archived. */
export const archivedLines = (
  problems: ReadonlyArray<Problem>,
  restored: RestoreReport | null
): ReadonlyArray<string> => {
  const summary = summariseArchived(problems)
  if (summary === null) return []
  const lines = summary.devices.map((device) => {
    const { bytes, classes, objects } = summariseArchived(problems.filter((each) => each.device === device)) ?? summary
    return `Archived in ${classes.join(", ")}: ${counted(objects, "object")} (${bytesText(bytes)}) of ${printable(device)}`
  })
  return [...lines, restored === null ? waitLine(summary) : restoredLine(restored, summary)]
}

/** What a restore would take; null where nothing is archived. Hours are [least, most]. */
export const archivedJson = (problems: ReadonlyArray<Problem>): Json => {
  const summary = summariseArchived(problems)
  if (summary === null) return null
  const { asked, bulkHours, bytes, classes, devices, dollars, hours, objects } = summary
  return { objects, bytes, devices, classes, asked, hours: [...hours], bulkHours: [...bulkHours], dollars }
}

/** What asking came to; null where nothing was asked for. */
export const restoredJson = (restored: RestoreReport | null): Json =>
  restored === null
    ? null
    : {
        started: restored.started,
        underWay: restored.underWay,
        readable: restored.readable,
        bytes: restored.bytes,
        days: RESTORED_DAYS
      }

export const manifestsWarning = (archived: number): string =>
  `${counted(archived, "manifest is", "manifests are")} archived in this bucket: no new device can read them before a restore. ` +
  'Some lifecycle rule does that: see "hx sync lifecycle". The next push of each device brings its own back.'

const waitLine = ({ bulkHours, dollars, hours }: ArchiveSummary): string =>
  `To restore them takes ${hoursText(hours)} and costs ${dollarsText(dollars)} (list prices of ${CLASSES_AS_OF}); ` +
  `in bulk, with the AWS CLI, ${hoursText(bulkHours)} and less.`

const restoredLine = ({ bytes, readable, started, underWay }: RestoreReport, { hours }: ArchiveSummary): string =>
  [
    ...(started > 0 ? [`Asked for ${counted(started, "object")}`] : []),
    ...(underWay > 0 ? [`${counted(underWay, "object")} had been asked for before`] : []),
    ...(readable > 0 ? [`${counted(readable, "object")} can be read again`] : [])
  ].join("; ") +
  (started + underWay > 0
    ? ` (${bytesText(bytes)} to come, ${hoursText(hours)} after asking; the copies stay for ${RESTORED_DAYS} days).`
    : ".")
