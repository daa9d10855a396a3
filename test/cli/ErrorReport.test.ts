import { Cause, FiberId } from "effect"
import { describe, expect, it } from "vitest"
import { reportOf, reportText } from "../../src/cli/ErrorReport.ts"
import { rememberedDetail, rememberedError } from "../../src/cli/RememberedError.ts"
import { withoutSecrets } from "../../src/cli/Secrets.ts"
import { UsageError } from "../../src/cli/UsageError.ts"
import { DbError } from "../../src/db/DbError.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"
import { KeyNeeded, ManifestCorrupt, PartlyDone, SequenceConflict, WrongVaultKey } from "../../src/sync/SyncError.ts"
import { tagOf } from "../../src/sync/SyncState.ts"

const fiber = FiberId.none

const store = (reason: StoreErrorReason, detail?: string) =>
  reportOf(
    Cause.fail(
      new StoreError({ reason, operation: "get", subject: "s3://bucket/hx/vault.json", ...(detail && { detail }) })
    )
  )

describe("the words and exit codes that users were promised", () => {
  it.each([
    ["NoCredentials", "Unable to locate credentials", 3],
    ["AccessDenied", "Access Denied", 3],
    ["CredentialsRefused", "Access Denied", 3],
    ["NoSuchFolder", "No such folder", 6],
    ["Refused", "Connection refused", 6],
    ["TimedOut", "Timed out", 6],
    ["NoSuchBucket", "No such bucket", 6],
    ["Archived", "Archived in GLACIER", 7],
    ["TooLarge", "Object corruption detected", 5]
  ] as const)("%s of a store", (reason, words, code) => {
    const report = store(reason)
    expect(report.what.startsWith(words)).toBe(true)
    expect(report.code).toBe(code)
    expect(report.subject).toContain("s3://bucket/hx/vault.json")
  })

  it("conflict, key and problems of sync", () => {
    expect(reportOf(Cause.fail(new SequenceConflict({ store: "s", ours: 7, theirs: null })))).toMatchObject({
      what: "Sequence number conflict",
      subject: "s: published 7, found nothing",
      code: 4
    })
    expect(reportOf(Cause.fail(new WrongVaultKey({ source: "key.txt", detail: "" })))).toMatchObject({
      what: "Wrong vault key",
      code: 3
    })
    expect(reportOf(Cause.fail(new KeyNeeded({ store: "s", passphraseSet: false }))).code).toBe(3)
    const problem = { kind: "segment", device: "d", name: "segments/d/1.hxs", detail: "truncated" } as const
    const partly = reportOf(Cause.fail(new PartlyDone({ store: "s", problems: [problem] })))
    expect(partly).toMatchObject({ what: "Completed with problems", code: 8 })
    expect(partly.subject).toContain("segments/d/1.hxs")
  })

  it("a usage error keeps its own words", () => {
    const error = new UsageError({ what: "No such date", subject: "--after soon", hint: "Write 2023-03-01." })
    expect(reportOf(Cause.fail(error))).toEqual({
      what: "No such date",
      subject: "--after soon",
      hint: "Write 2023-03-01.",
      code: 2
    })
  })

  it("what the store or the database said more stands behind the subject", () => {
    expect(store("WrongRegion", "the bucket is in eu-west-1").subject).toContain(": the bucket is in eu-west-1")
    const damaged = new DbError({ reason: "Damaged", path: "/h/history.db", detail: "file is not a database" })
    expect(reportOf(Cause.fail(damaged))).toMatchObject({ subject: "/h/history.db: file is not a database", code: 5 })
  })
})

describe("advice", () => {
  const reportOn = (given: Partial<ConstructorParameters<typeof StoreError>[0]>) =>
    reportOf(Cause.fail(new StoreError({ reason: "AccessDenied", operation: "get", subject: "bucket/key", ...given })))

  it("names the permission that lacks, where it is known", () => {
    const permission = { action: "s3:GetObject", resource: "arn:aws:s3:::bucket/key" }
    expect(reportOn({ permission }).hint).toMatch(/^Allow s3:GetObject in the user's or the bucket's policy/)
    expect(reportOn({}).hint).not.toContain("s3:")
  })

  it("names the region to use, where the store said it", () => {
    expect(reportOn({ reason: "WrongRegion", region: "eu-west-1" }).hint).toContain("?region=eu-west-1")
    expect(reportOn({ reason: "WrongRegion" }).hint).toContain("?region=…")
  })
})

describe("an error that was remembered", () => {
  it("of a store has the words of its report", () => {
    const error = new StoreError({ reason: "Refused", operation: "list", subject: "b/p", detail: "nothing listens" })
    expect(rememberedDetail({ tag: "StoreError.Refused", message: error.message })).toBe(
      reportOf(Cause.fail(error)).subject
    )
  })

  it("of a proxy has a cure of its own", () => {
    const error = new StoreError({ reason: "Refused", operation: "open", subject: "the proxy p:1 (HTTPS_PROXY)" })
    expect(reportOf(Cause.fail(error)).hint).toContain("NO_PROXY")
  })

  it.each([
    ["StoreError.Refused", "Refused: b/p, on list: nothing listens", "Connection refused", "network", 6],
    [
      "StoreError.CredentialsRefused",
      "CredentialsRefused: b/x, on get",
      "Access Denied: the credentials are wrong",
      "permission",
      3
    ],
    ["DbError.Full", "Full: history.db", "No space left for the history database", "network", 6],
    ["SequenceConflict", "Sequence number conflict: published 2", "Sequence number conflict", "conflict", 4],
    ["ManifestCorrupt", "Manifest corruption detected: m", "Manifest corruption detected", "corruption", 5],
    ["EnvelopeError.WrongKey", "WrongKey: manifest of d", "Wrong vault key", "permission", 3],
    ["StoreError.Archived", "Archived: b/x, on get", "Archived in GLACIER", "archived", 7]
  ] as const)("%s has the words and the code that were told then", (tag, message, what, category, code) => {
    expect(rememberedError({ tag })).toEqual({ what, category, code })
    const [begin] = message.split(": ")
    expect(rememberedDetail({ tag, message })).toBe(message.slice((begin?.length ?? 0) + 2))
  })

  it("a vault.json that a newer hx wrote is told as such, and not as corruption", () => {
    const error = new ManifestCorrupt({ store: "b", name: "vault.json", detail: "version 2", newer: true })
    const remembered = { tag: tagOf(error), message: error.message }
    const { code, what } = reportOf(Cause.fail(error))
    expect(rememberedError(remembered)).toMatchObject({ what, code })
    expect(code).toBe(2)
    expect(rememberedDetail(remembered)).toBe("vault.json: version 2")
  })

  it.each(["StoreError", "StoreError.toString", "SomethingNewer.Reason", ""])(
    "by a version that said %j is told as a failure, with its message whole",
    (tag) => {
      expect(rememberedError({ tag })).toEqual({ what: "Failed", category: "internal", code: 1 })
      expect(rememberedDetail({ tag, message: "Refused: x" })).toBe("Refused: x")
    }
  )
})

describe("ends that no error describes", () => {
  it("an interruption is 130", () => {
    expect(reportOf(Cause.interrupt(fiber))).toMatchObject({
      code: 130,
      what: "Interrupted",
      // An import keeps what it has read, a push what it has sent.
      subject: "what was finished is kept, and nothing is half done"
    })
  })

  it("a question that was answered with Ctrl-C is one too", () => {
    expect(reportOf(Cause.die({ _tag: "QuitException" })).code).toBe(130)
  })

  it("a failure during an interruption is told as the failure", () => {
    const error = new UsageError({ what: "w", subject: "s", hint: "h" })
    expect(reportOf(Cause.parallel(Cause.interrupt(fiber), Cause.fail(error))).code).toBe(2)
  })

  it("anything unforeseen is an internal error, in one line, and no stack", () => {
    const report = reportOf(Cause.die(new TypeError("x is not a function\n    at y.js")))
    expect(report).toMatchObject({ what: "Internal error", subject: "x is not a function", code: 1 })
  })
})

describe("what never reaches the terminal", () => {
  it("secrets of URLs, passwords and recovery keys", () => {
    const text = `s3://b?access_key=AK&secret_key=sk/+=&region=r http://u:pw@h/ hx1${"q".repeat(60)} X-Amz-Signature=ab`
    const shown = withoutSecrets(text)
    for (const secret of ["AK", "sk/+", "pw@", "qqq", "=ab"]) expect(shown).not.toContain(secret)
    expect(shown).toContain("region=r")
  })

  it("secrets under other names, with escapes, and recovery keys that were mistyped", () => {
    const text = `aws_secret_access_key=abc/+ secret_key%3Dk%2Fk X-Amz-Security-Token=tok hx1${"q".repeat(10)}b${"q".repeat(60)}`
    const shown = withoutSecrets(text)
    for (const secret of ["abc", "k%2F", "=tok", "qqq"]) expect(shown).not.toContain(secret)
  })

  it("control characters, and more than three lines", () => {
    const text = reportText({ what: "w\u001B[2J", subject: "a\nb\u0000", hint: "h", code: 1 })
    expect(text.split("\n")).toHaveLength(4)
    expect(text).not.toMatch(/[\u001B\u0000]/)
  })
})
