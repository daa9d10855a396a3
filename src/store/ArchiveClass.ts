/**
 * Which storage classes cannot be read until an object has been restored. GLACIER_IR, the infrequent-access classes and INTELLIGENT_TIERING as
 * such are read like any other; an object of INTELLIGENT_TIERING may sink into one of its own archive tiers, which only a refused read tells.
 * A restored object keeps its class: a list goes on saying GLACIER while the copy can be read.
 */

export type ArchiveClass = "GLACIER" | "DEEP_ARCHIVE" | "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS"

/** From the class of a list, or the class and tier of a refusal; undefined for what can be read. */
export const archiveClassOf = (storageClass: string | undefined, accessTier?: string): ArchiveClass | undefined =>
  CLASSES.find((each) => each === accessTier) ?? CLASSES.find((each) => each === storageClass)

/** Archived objects among those of a list, by their class; restored ones too. */
export const archivedAmong = <Info extends { readonly storageClass?: string }>(
  listed: ReadonlyArray<Info>
): ReadonlyArray<Info> => listed.filter(({ storageClass }) => archiveClassOf(storageClass) !== undefined)

/** For how many days a restored copy stays beside the archived object. */
export const RESTORED_DAYS = 7

const CLASSES: ReadonlyArray<ArchiveClass> = ["GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]
