/**
 * Kills hx as often as wanted (test/processes/Campaign.ts says how, and what has to hold):
 *
 *   npm run kills -- [--kills N] [--seed S] [--seconds T] [--store folder|s3rver|server]
 *
 * `server` is the one that HX_TEST_S3_* name. Without numbers: 200 kills. Campaigns of about 60 kills follow each other, with seeds S, S + 1, …
 */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { campaign, killsOf, newTally } from "../test/processes/Campaign.ts"
import { openGrounds, STORES, type StoreKind } from "../test/processes/Grounds.ts"
import { buildShim } from "../test/processes/Shim.ts"

const A_CAMPAIGN = 60

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string" },
    store: { type: "string", default: "folder" }
  }
})
const store = STORES.find((each) => each === values.store) as StoreKind | undefined
if (store === undefined) throw new Error(`--store is one of ${STORES.join(", ")}`)
const shim = buildShim(resolve("test/processes/Shim.c"))
if (typeof shim === "string") console.error(`No kills at calls of the file system: ${shim}`)

const until = values.seconds === undefined ? Infinity : performance.now() + Number(values.seconds) * 1000
const wanted = values.seconds === undefined ? Number(values.kills) : Infinity
const tally = newTally()
const line = () => {
  const { call, moment, request } = tally.kills
  return `${killsOf(tally)} kills (${moment} at moments, ${call} at calls, ${request} at requests), ${tally.runs} runs, ${tally.survived} ended before their kill`
}
for (let seed = Number(values.seed); killsOf(tally) < wanted && performance.now() < until; seed++) {
  const directory = mkdtempSync(join(tmpdir(), "hx-kills-"))
  const grounds = await openGrounds(store, {
    program: resolve("dist/hx.js"),
    directory,
    shim: typeof shim === "string" ? undefined : shim
  })
  const target = Math.min(wanted, killsOf(tally) + A_CAMPAIGN)
  try {
    await campaign(grounds, seed, (sum) => killsOf(sum) >= target || performance.now() >= until, tally)
    rmSync(directory, { recursive: true, force: true })
  } catch (error) {
    console.error(`${line()}; everything is kept in ${directory}`)
    throw error
  } finally {
    await grounds.stop()
  }
  console.log(`seed ${seed}: ${line()}`)
}
console.log(
  `by command: ${Object.entries(tally.commands)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ")}`
)
console.log("Nothing acknowledged is missing, and every machine knows the same.")
