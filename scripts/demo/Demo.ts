/**
 * npm run demo [-- --mine]: the main job of hx, played through on this machine: two devices, a bucket, an encrypted vault; by the built program, and
 * with its real output. Needs no network and leaves nothing behind. It is a test as well: it ends with 1 when anything is not as it has to be.
 *
 * `--mine` takes copies of your own history files instead of a made-up history.
 */

import type { ChildProcess } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startS3rver } from "../S3rverServer.ts"
import { copyOwn, writeGenerated } from "./DemoHistory.ts"
import { DemoFailure, heading, HX, proved, say, type Stage, styled } from "./Stage.ts"
import { play } from "./Story.ts"

const BUCKET = "hx-demo"

const { values } = parseArgs({ options: { mine: { type: "boolean", default: false } } })

const directory = mkdtempSync(join(tmpdir(), "hx-demo-"))
const running = new Set<ChildProcess>()
const server = await startS3rver([BUCKET])

let interrupted = false
let cleaned: Promise<void> | undefined
const cleanUp = (): Promise<void> => {
  for (const child of running) child.kill("SIGKILL")
  cleaned ??= server.stop().then(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  return cleaned
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interrupted = true
    void cleanUp().finally(() => process.exit(130))
  })
}

/** Nothing of the user's own settings reaches the devices. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    ["PATH", "TMPDIR", "TZ", "LANG", "LC_ALL"].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    })
  )

const perform = async (): Promise<void> => {
  if (!existsSync(HX)) throw new DemoFailure("There is no dist/hx.js: run npm ci, or npm run build, first.")
  const env = { ...inherited(), AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey }
  const stage: Stage = { directory, env, running }
  say(`An S3 server of this process at ${server.endpoint}; devices in ${directory}.`)
  const histories = values.mine ? copyOwn(directory) : writeGenerated(directory)
  if (histories.length === 0)
    throw new DemoFailure("No history file of yours was found; without --mine, one is made up.")
  await play({ stage, server, bucket: BUCKET, histories, query: values.mine ? "git" : "docker run" })
}

const began = performance.now()
try {
  await perform()
  heading("Done")
  proved(
    `everything was as it has to be, in ${((performance.now() - began) / 1000).toFixed(1)} s; nothing is left behind`
  )
} catch (error) {
  // Ctrl-C ends the command that is under way, and that is no failure.
  if (!interrupted) {
    const told = error instanceof DemoFailure ? error.message : String((error as Error).stack)
    console.error(`\n${styled("red", "✘")} ${told}`)
    process.exitCode = 1
  }
} finally {
  await cleanUp()
}
