/** The table: on the terminal as it comes, and as a page of the docs. */

import { execFileSync } from "node:child_process"
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os"
import type { Row } from "./Sample.ts"

export const sizeName = (size: number | null): string => {
  if (size === null) return ""
  return size % 1_000_000 === 0 ? `${size / 1_000_000}M` : size % 1_000 === 0 ? `${size / 1_000}k` : String(size)
}

export const toLine = (row: Row): string =>
  [
    row.met === null ? "   " : row.met ? "ok " : "NOT",
    row.measure.padEnd(48),
    sizeName(row.size).padStart(5),
    row.measured.padStart(16),
    `  ${row.goal}`
  ].join(" ")

/** Where and when it was measured: figures mean nothing without. The load is that of the last minute: what else is running takes its share. */
export const circumstances = (): ReadonlyArray<string> => {
  const processors = cpus()
  return [
    `${new Date().toISOString().slice(0, 10)}, hx at ${commit()}, Node.js ${process.version}`,
    `${processors.length} × ${processors[0]?.model.trim() || "processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()} ${arch()}, load ${loadavg()[0]?.toFixed(1)}`
  ]
}

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    }).trim()
  } catch {
    return HX_VERSION
  }
}

/** Written in by run.mjs. */
declare const HX_VERSION: string

export const toPage = (rows: ReadonlyArray<Row>, command: string): string => {
  const [when, where] = circumstances()
  const table = rows.map(
    (row) =>
      `| ${row.measure} | ${sizeName(row.size)} | ${row.goal} | ${row.measured} | ${row.met === null ? "" : row.met ? "yes" : "**no**"} |`
  )
  const details = rows.map(
    (row) => `- ${row.measure}${row.size === null ? "" : `, ${sizeName(row.size)}`}: ${row.detail}`
  )
  return [
    "# Measures",
    "",
    `Made by \`${command}\`: ${when}; ${where}.`,
    "",
    "Each ratio is the median over pairs of runs, one right after the other, on this machine, whole commands from start to end as one waits for",
    "them, start-up included. Goals are set for 1M entries; below 100k start-up is most of what is measured, so time and memory are not judged there. The",
    "history comes from a seeded generator: a long tail of commands, many directories, bursts and pauses.",
    "",
    "| Measure | Entries | Goal | Measured | Met |",
    "| --- | ---: | ---: | ---: | --- |",
    ...table,
    "",
    "What the figures are made of:",
    "",
    ...details,
    ""
  ].join("\n")
}
