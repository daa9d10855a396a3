/** The settings that decide how sync works, as plain values. */

import { Context, Effect, Layer } from "effect"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import { type SettingError, Settings } from "../platform/Settings.ts"
import * as SyncSettings from "../platform/SyncSettings.ts"

export interface SyncTuningService {
  readonly concurrentUploads: number
  readonly concurrentDownloads: number
  readonly compression: boolean
  /** Bytes of a sealed segment, at most. */
  readonly segmentSize: number
  /** Objects above this many bytes go up in parts, which takes no conditions. */
  readonly partSize: number
  /** Compressed bytes past which the inline tail is sealed into a segment. No setting: sync.md's 64 KiB; smaller in tests. */
  readonly inlineTail: number
  /** Plaintext bytes below which a segment is of the lowest level; see SegmentPlan.ts. No setting. */
  readonly lowestLevel: number
  /** Bytes of other devices' manifests that one pull holds, about; what is beyond waits for the next pull. No setting: a guard. */
  readonly heldManifests: number
}

export const DEFAULT_TUNING: SyncTuningService = {
  concurrentUploads: 3,
  concurrentDownloads: 8,
  compression: true,
  segmentSize: 8 * 1024 * 1024,
  partSize: 5 * 1024 * 1024,
  inlineTail: 64 * 1024,
  lowestLevel: 512 * 1024,
  heldManifests: 128 * 1024 * 1024
}

export class SyncTuning extends Context.Tag("hx/SyncTuning")<SyncTuning, SyncTuningService>() {
  /** As the user has set it. */
  static readonly layer: Layer.Layer<SyncTuning, SettingError | ConfigFileError, Settings> = Layer.effect(
    SyncTuning,
    Effect.gen(function* () {
      const settings = yield* Settings
      // For the shell hook; a bad one is an error here too, where somebody sees it.
      yield* settings.get(SyncSettings.Interval)
      return {
        concurrentUploads: yield* settings.get(SyncSettings.ConcurrentUploads),
        concurrentDownloads: yield* settings.get(SyncSettings.ConcurrentDownloads),
        compression: yield* settings.get(SyncSettings.Compression),
        segmentSize: yield* settings.get(SyncSettings.SegmentSize),
        partSize: yield* settings.get(SyncSettings.PartSize),
        inlineTail: DEFAULT_TUNING.inlineTail,
        lowestLevel: DEFAULT_TUNING.lowestLevel,
        heldManifests: DEFAULT_TUNING.heldManifests
      }
    })
  )

  static readonly layerDefault = Layer.succeed(SyncTuning, DEFAULT_TUNING)
}
