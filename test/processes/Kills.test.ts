/**
 * hx killed with SIGKILL, again and again, at moments, calls of the file system and requests: Campaign.ts says what has to hold.
 *
 * A few kills here, before a server in this process, where each kind of kill can come; with HX_TEST_KILL_SECONDS as many as fit in that many seconds, shared by the stores (a server, where HX_TEST_S3_* name one, among
 * them); `npm run kills` does any number. HX_TEST_KILL_SEED repeats a campaign.
 */

import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { realServer } from "../store/S3Fixture.ts"
import { campaign, killsOf } from "./Campaign.ts"
import { openGrounds, type StoreKind } from "./Grounds.ts"
import { shim, WITHOUT_SHIM } from "./TheShim.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const SECONDS = Number(process.env["HX_TEST_KILL_SECONDS"] ?? 0)
const SEED = Number(process.env["HX_TEST_KILL_SEED"] ?? 20261123)
/** In each store, without HX_TEST_KILL_SECONDS. */
const FEW = 3

const stores: ReadonlyArray<StoreKind> =
  SECONDS === 0 ? ["s3rver"] : realServer() === undefined ? ["folder", "s3rver"] : ["folder", "s3rver", "server"]

describe(`killed at any time${WITHOUT_SHIM}`, { timeout: (SECONDS + 240) * 1000 }, () => {
  it.each(stores)("hx loses nothing that it has acknowledged, and goes on: %s", async (store) => {
    const grounds = await openGrounds(store, { program: ENTRY, directory: join(scratch.path, store), shim })
    const share = (SECONDS / stores.length) * 1000
    const began = performance.now()
    try {
      const tally = await campaign(grounds, SEED, (sum) => killsOf(sum) >= FEW && performance.now() - began >= share)
      expect(killsOf(tally)).toBeGreaterThanOrEqual(FEW)
      if (SECONDS > 0) console.log(`${store}: ${JSON.stringify(tally)}`)
    } finally {
      await grounds.stop()
    }
  })
})
