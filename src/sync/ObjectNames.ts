/** Names of a vault's objects under the store's prefix (sync.md's layout, fixed with format version 1). */

import { DeviceId, isDeviceId } from "../domain/Device.ts"
import { digest } from "../domain/EntryId.ts"

export const VAULT_DESCRIPTOR = "vault.json"
export const MANIFESTS = "manifests/"
export const SEGMENTS = "segments/"
export const PROBES = "probe-"

export const manifestName = (device: DeviceId): string => `${MANIFESTS}${device}.hxm`

export const segmentsOf = (device: DeviceId): string => `${SEGMENTS}${device}/`

export const segmentName = (device: DeviceId, id: string): string => `${segmentsOf(device)}${id}.hxs`

export interface ManifestName {
  readonly device: DeviceId
  /**
   * What the log is remembered under: the device id; or, for the copy of a manifest that a file synchroniser left beside it
   * ("<id>.sync-conflict-….hxm"), a digest of the whole name, so that the copy is read as one more log of that device.
   */
  readonly log: DeviceId
  readonly isCopy: boolean
}

const MANIFEST = /^manifests\/([0-9a-f]{32})([^/]*)\.hxm$/

export const parseManifestName = (name: string): ManifestName | null => {
  const [, device = "", rest = ""] = MANIFEST.exec(name) ?? []
  if (!isDeviceId(device)) return null
  return rest === ""
    ? { device, log: device, isCopy: false }
    : { device, log: DeviceId(digest(`hx.manifest-copy.1${name}`)), isCopy: true }
}
