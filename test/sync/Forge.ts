/** What somebody who has a vault's old key, and the store, can make: a manifest of any device, sealed under that key. */

import { Effect, Option } from "effect"
import type { DeviceId } from "../../src/domain/Device.ts"
import { liveId } from "../../src/domain/EntryId.ts"
import { chainHash, emptyChain, extendChain } from "../../src/domain/LogChain.ts"
import { manifestContext, open, seal } from "../../src/format/Envelope.ts"
import { decode, encode } from "../../src/format/Manifest.ts"
import { SegmentWriter } from "../../src/format/SegmentWriter.ts"
import { identityOf } from "../../src/domain/Operation.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
import type { TestDevice } from "./World.ts"

/** The manifest of `device` with one command of the forger's; its number is the genuine one's, or that and `more`. */
export const forgeAs = (forger: TestDevice, device: DeviceId, genuine: Uint8Array, command: string, more = 0) =>
  forger.as(
    Effect.gen(function* () {
      const keys = yield* VaultKeys
      const binding = Option.getOrThrow(yield* SyncState.binding.get)
      const keyring = yield* keys.keyring(binding.vaultId, true)
      const context = manifestContext(device)
      const manifest = yield* Effect.flatMap(open(genuine, context, keyring, { maxPlaintext: 1 << 24 }), (plaintext) =>
        decode(plaintext, device)
      )
      const start = 1_700_000_900_000_000
      const id = liveId("forged", 1, start, command)
      const fields = { duration: null, exit: null, cwd: null, host: null, user: null, shell: null }
      const entry = { ...fields, id, start, command, session: "forged", origin: "live" as const, device, ordinal: 1 }
      const writer = new SegmentWriter(device)
      writer.add({ kind: "add", entry })
      const forged = {
        ...manifest,
        sequence: manifest.sequence + more,
        nonce: "5e".repeat(16),
        segments: [],
        last: 1,
        chain: chainHash(extendChain(emptyChain(device), [identityOf({ kind: "add", entry })])),
        tail: writer.finish()
      }
      return yield* seal(yield* encode(forged), context, keyring, { codec: "none", salt: new Uint8Array(24).fill(3) })
    })
  )
