import { Data } from "effect"

/** A backup of hx was imported as far as it could be read; not all of it could, or it is not what was written. */
export class BackupDamaged extends Data.TaggedError("BackupDamaged")<{
  readonly path: string
  /** Entries that could be read. */
  readonly read: number
  /** What is wrong with it, in the importer's words. */
  readonly detail: string
}> {}
