/** How `hx sync verify` tells what it found. */

import { isRepaired, type VerifyReport } from "../../../../sync/VerifyReport.ts"
import type { Finding, Leftover } from "../../../../sync/VerifyFinding.ts"
import { agoText } from "../../../Ago.ts"
import type { OutputService } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { bytesText, counted, countText, durationText } from "../../../Units.ts"
import { wrap } from "../../../Wrapping.ts"
import { forkLines } from "./Forks.ts"
import { pushLines } from "./Push.ts"

/** Blocks for people; every foreign text in them is printable. */
export const verifyText = (report: VerifyReport, now: number, output: OutputService): ReadonlyArray<string> => {
  const told = report.findings.slice(0, MOST)
  const more = report.findings.length - told.length
  return [
    ...told.flatMap((finding) => [...problemLines(finding, isRepaired(report, finding), now, output), ""]),
    ...(more > 0 ? [`… and ${counted(more, "problem")} more: --json lists all.`, ""] : []),
    ...spaced(report.leftovers.flatMap((leftover) => block(leftoverText(leftover, now), output))),
    ...spaced(report.behind.flatMap((each) => block(behindText(each), output))),
    ...spaced(repairLines(report)),
    ...block(summary(report, output), output)
  ]
}

/** Who can make it good, and how. */
export const cureOf = (finding: Finding, now: number): string => {
  const { device, kind, label, published, remedy } = finding
  const who = printable(label)
  switch (remedy) {
    case "repair":
      return kind === "local"
        ? '"hx sync verify --repair" lets the next "hx sync pull" read all of it again.'
        : 'This device has it: "hx sync verify --repair" publishes it again.'
    case "there": {
      const when = published === null ? "" : `, last published ${agoText(published, now) ?? "at a time unknown"},`
      const rescue =
        finding.held === false ? "" : " If it is gone for good, this device can take over what it knows of it: "
      const command = rescue === "" ? "" : `hx sync devices forget ${device ?? ""}`
      return `On ${who}${when} "hx sync verify --repair" publishes it again.${rescue}${command}`
    }
    case "push":
      return '"hx sync push" goes on under a new id, with everything that the other installation lacks.'
    case "force":
      return '"hx sync pull --force" takes the store as it is, "hx sync push --force" publishes this device again. Neither loses anything.'
    case "init":
      return '"hx sync init" on this device, which has the vault\'s key, makes it again.'
    case "copy":
      return "A file synchroniser left this copy of a manifest. Where the one beside it is whole, delete the copy: it tells nothing more."
    case "backup":
      return kind === "local"
        ? 'Keep what is here ("hx export --file FILE"), and compare with a backup of the data directory.'
        : 'Bring it back from an older version or a backup of it; or delete it, and "hx sync init" on this device makes it again.'
    case "restore":
      return '"hx sync pull --restore" asks for what others have published, "hx sync init --restore" on a new device for all of it.'
    case "upgrade":
      return "Install that version of hx, or a later one."
    case "again":
      return "Run the command again."
  }
}

/** More would hide the rest. */
const MOST = 40

const problemLines = (finding: Finding, repaired: boolean, now: number, output: OutputService) => {
  const { detail, device, label, name } = finding
  const whose = device === null ? "" : `, of ${printable(label)}`
  const mark = repaired ? output.styled("green", "repaired") : output.styled("red", "problem")
  return [
    `${mark} ${printable(name)}${whose}`,
    ...[printable(detail), gapText(finding), repaired ? "" : cureOf(finding, now)]
      .filter((line) => line !== "")
      .flatMap((line) => indented(sentence(line), output))
  ]
}

const gapText = ({ device, entries, gap, held, kind, label }: Finding): string => {
  if (entries === 0 && gap === null) return ""
  if (kind === "local") return entries === 0 ? "" : `${counted(entries, "entry", "entries")} of it`
  const range = gap === null ? "" : ` (${countText(gap.first)} to ${countText(gap.last)} of its log)`
  const who = device === null ? "" : ` of ${printable(label)}`
  const what = `${counted(entries, "entry", "entries")}${who}${range} cannot be read from the store`
  if (held === null) return `${what}.`
  return held
    ? `${what}. This device has all of them: nothing is lost here.`
    : `${what}, and not all of them are on this device.`
}

const leftoverText = (leftover: Leftover, now: number): string => {
  const { kind, label, objects, own } = leftover
  const bytes = objects.reduce((sum, each) => sum + each.bytes, 0)
  const what = `${counted(objects.length, "object")} (${bytesText(bytes)})`
  const who = own ? "this device" : printable(label)
  const age = ageText(leftover, now)
  switch (kind) {
    case "replaced":
      return `${what} of ${who} that newer ones have replaced${age}: a push deletes them, an hour after that.`
    case "unpublished":
      return `${what} of ${who} that a push left when it was interrupted${age}: the next push uses or deletes them.`
    case "orphan":
      return own
        ? `${what} of ${who} that nothing names${age}: "hx sync verify --repair" deletes what is older than an hour.`
        : `${what} of ${who} that no manifest names${age}: about to be published, or replaced; ${who} deletes them at a later push.`
    case "stranded":
      return `${what} of ${who}, whose manifest cannot be read: they may be named there.`
    case "retired":
      return `${what} of ${who}, which was retired: nobody reads them any more.`
    case "foreign":
      return `${what} that hx did not put there, and leaves alone: ${namesText(objects)}`
    case "probe":
      return `${what} that a trial of the store left${age}: "hx sync verify --repair" deletes what is older than an hour.`
    case "upload":
      return own
        ? `${counted(objects.length, "unfinished upload")} of ${who}${age}: "hx sync verify --repair" aborts what is older than an hour.`
        : `${counted(objects.length, "unfinished upload")} of ${label === "" ? "nobody known" : who}${age}: under way, or left by a push that was killed.`
  }
}

const namesText = (objects: Leftover["objects"]): string => {
  const told = objects.slice(0, 3).map(({ name }) => printable(name))
  return [
    ...told,
    ...(objects.length > told.length ? [`and ${countText(objects.length - told.length)} more`] : [])
  ].join(", ")
}

/** ", from 3 min ago" or ", from 2 days to 3 min ago"; nothing where the store does not say. */
const ageText = ({ objects }: Leftover, now: number): string => {
  const times = objects.flatMap(({ modified }) => (modified === null ? [] : [modified]))
  if (times.length === 0) return ""
  const newest = agoText(
    times.reduce((a, b) => Math.max(a, b)),
    now
  )
  return newest === undefined ? "" : `, the newest written ${newest}`
}

const behindText = ({ label, operations }: VerifyReport["behind"][number]): string =>
  `${counted(operations, "entry", "entries")} of ${printable(label)} were not pulled yet: hx sync pull`

const repairLines = ({ repaired }: VerifyReport): ReadonlyArray<string> => {
  if (repaired === null) return []
  const { aborted, deleted, kept, pushed, restarted, sequence } = repaired
  return [
    ...forkLines(pushed?.forks ?? []),
    ...(pushed === null
      ? []
      : [
          ...pushLines({ ...pushed, forks: [], deleted: 0, owed: 0 }, true),
          `This device's manifest is publication ${countText(sequence ?? 0)} now, above all that anybody has seen.`
        ]),
    ...(deleted > 0 ? [`Deleted ${counted(deleted, "object")} that nothing needs any more.`] : []),
    ...(kept > 0 ? [`${counted(kept, "object")} could not be deleted; run the command again.`] : []),
    ...(aborted > 0 ? [`Aborted the unfinished uploads of ${counted(aborted, "object")}.`] : []),
    ...(restarted > 0 ? [`${counted(restarted, "log")} will be read again from the start: hx sync pull`] : [])
  ]
}

const summary = (report: VerifyReport, output: OutputService): string => {
  const { manifests, segments, vault } = report.objects
  const parts = [
    ...(vault > 0 ? ["vault.json"] : []),
    counted(manifests, "manifest"),
    counted(segments, "segment")
  ].join(", ")
  const repaired = report.findings.filter((finding) => isRepaired(report, finding)).length
  const left = report.findings.length - repaired
  const verdict =
    report.findings.length === 0
      ? output.styled("green", "all is proved")
      : [
          ...(left > 0 ? [output.styled("red", counted(left, "problem"))] : []),
          ...(repaired > 0 ? [output.styled("green", `${countText(repaired)} repaired`)] : [])
        ].join(", ")
  const read = `${counted(vault + manifests + segments, "object")} (${parts}), ${bytesText(report.bytes)}`
  const who = `${counted(report.entries, "entry", "entries")} of ${counted(report.devices, "device")}`
  return `Verified ${read}, ${who}, in ${durationText(report.milliseconds * 1000)}: ${verdict}.`
}

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.:]$/.test(begun) || begun.includes("hx sync devices forget") ? begun : `${begun}.`
}

const spaced = (lines: ReadonlyArray<string>): ReadonlyArray<string> => (lines.length === 0 ? [] : [...lines, ""])

const room = (output: OutputService): number => (output.terminal ? output.columns : Number.POSITIVE_INFINITY)

const block = (text: string, output: OutputService) => wrap(text, room(output), "whole")

const indented = (text: string, output: OutputService) =>
  wrap(text, room(output) - 2, "whole").map((line) => `  ${line}`)
