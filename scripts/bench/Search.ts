/**
 * Searching on a terminal, in a history of a given size: the time to the first frame, and from a key to the frame that answers it. The terminal is that of
 * util-linux's script(1), which hands on what is written at once.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { type Device, HX, inherited, timed } from "./Program.ts"
import { judged, median, type Row, seconds } from "./Sample.ts"

/** As many times as it takes Node.js to start, because that is most of it: 150 ms where Node.js takes 45. */
const PAINT_GOAL = 3.3
const KEY_GOAL = 30

/** What ends a frame: Screen.ts. */
const FRAME_END = "\u001B[?2026l"

/** Rare and frequent words, one letter, fuzzy ones, expressions, scopes, outcomes, moving: each key is one step. */
const KEYS: ReadonlyArray<string> = [
  ...[
    "git push origin",
    "\u0015docker run --rm",
    "\u0015kubectl exec",
    "\u0015gco mai",
    "\u0015^ls",
    "\u0015/git.*main/",
    "\u0015e"
  ].flatMap((text) => Array.from(text)),
  ...[
    "\u001B4",
    "\u001B1",
    "\u001B0",
    "\u001B0",
    "\u001B0",
    "\u001B[B",
    "\u001B[B",
    "\u001B[6~",
    "\u0015",
    "!",
    "g",
    "i",
    "t",
    "\u007F"
  ]
]

/** Milliseconds for which nothing more has to come before the next key: people type no faster than that. */
const PAUSE = 40

export const measureSearch = async (device: Device, size: number): Promise<ReadonlyArray<Row>> => {
  const paints: Array<readonly [paint: number, node: number]> = []
  for (let round = 0; round < 7; round++) {
    const node = (await timed(process.execPath, ["-e", "0"])).wall
    const search = open(device)
    paints.push([await search.frame(), node])
    await search.end()
  }
  const early = await typeAll(device, 0)
  // Until the numbers at the right have no ellipsis behind them.
  const loaded = await typeAll(device, size / 60)
  const ratio = median(paints.map(([paint, node]) => paint / node))
  const late = percentile(loaded, 0.95)
  const told = (times: ReadonlyArray<number>): string =>
    `p50 ${seconds(percentile(times, 0.5))}, p95 ${seconds(percentile(times, 0.95))}, most ${seconds(percentile(times, 1))}`
  return [
    {
      measure: "search: the first frame",
      size,
      goal: `≤ ${PAINT_GOAL} × node`,
      measured: `${ratio.toFixed(2)} ×`,
      met: judged(size) ? ratio <= PAINT_GOAL : null,
      detail: `${seconds(median(paints.map(([paint]) => paint)))}, node -e 0 ${seconds(median(paints.map(([, node]) => node)))}`
    },
    {
      measure: `search: a key answered, p95 of ${KEYS.length}`,
      size,
      goal: `≤ ${KEY_GOAL} ms`,
      measured: seconds(late),
      met: judged(size) ? late <= KEY_GOAL : null,
      detail: `${told(loaded)}; while the history is being read ${told(early)}`
    }
  ]
}

const typeAll = async (device: Device, wait: number): Promise<ReadonlyArray<number>> => {
  const search = open(device)
  await search.frame()
  await pause(wait)
  const times: Array<number> = []
  for (const key of KEYS) {
    await pause(PAUSE)
    const began = performance.now()
    search.type(key)
    await search.frame()
    times.push(performance.now() - began)
  }
  await search.end()
  return times
}

const open = (device: Device) => {
  const began = performance.now()
  const env = { ...inherited(), ...device.env, TERM: "xterm-256color", LANG: "C.UTF-8" }
  const line = `'${process.execPath}' '${HX}' search`
  const child: ChildProcessWithoutNullStreams = spawn("script", ["-qec", line, "/dev/null"], { env })
  let shown: (() => void) | undefined
  let asked = began
  child.stdout.on("data", (chunk: Buffer) => {
    if (chunk.includes(FRAME_END)) shown?.()
  })
  return {
    type: (key: string) => {
      asked = performance.now()
      child.stdin.write(key)
    },
    /** The next frame; milliseconds since the last key, or since it was opened. */
    frame: () =>
      new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("hx search draws nothing")), 30_000)
        shown = () => {
          clearTimeout(late)
          shown = undefined
          resolve(performance.now() - asked)
        }
      }),
    end: () =>
      new Promise<void>((resolve) => {
        child.on("close", () => resolve())
        child.stdin.write("\u0003")
      })
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const percentile = (times: ReadonlyArray<number>, part: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))]!
