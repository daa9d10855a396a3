/** The settings that decide how sync works, as plain values. */

import { Context, Layer } from "effect"

export interface SyncTuningService {
  readonly concurrentUploads: number
  readonly concurrentDownloads: number
  readonly compression: boolean
  /** Bytes of a sealed segment, at most. */
  readonly segmentSize: number
  /** Objects above this many bytes go up in parts, which takes no conditions. */
  readonly partSize: number
}

export const DEFAULT_TUNING: SyncTuningService = {
  concurrentUploads: 3,
  concurrentDownloads: 8,
  compression: true,
  segmentSize: 8 * 1024 * 1024,
  partSize: 5 * 1024 * 1024
}

export class SyncTuning extends Context.Tag("hx/SyncTuning")<SyncTuning, SyncTuningService>() {
  static readonly layerDefault = Layer.succeed(SyncTuning, DEFAULT_TUNING)
}
