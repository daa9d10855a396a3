/**
 * Bugs to plant: single wrong edits of hx's own code, each of which breaks a promise of sync.md §7. `find` stands exactly once in its file: a test says so,
 * so that no line of this table comes to mean nothing.
 */

export interface Mutant {
  readonly file: string
  readonly find: string
  readonly replace: string
  /** What is wrong then. */
  readonly what: string
}

const mutant = (file: string, find: string, replace: string, what: string): Mutant => ({ file, find, replace, what })

export const MUTANTS: ReadonlyArray<Mutant> = [
  // The table of conflicts
  mutant(
    "src/sync/Conflict.ts",
    "if (intents.some((intent) => intent.nonce === remote.nonce)) return",
    "if (intents.length < 0) return",
    "a manifest of our own is not recognised by its nonce"
  ),
  mutant(
    "src/sync/Conflict.ts",
    `return remote.agrees ? { _tag: "Adopt" } : { _tag: "Fork" }`,
    `return { _tag: "Adopt" }`,
    "after a reset, a manifest is adopted without comparing the logs"
  ),
  mutant(
    "src/sync/Conflict.ts",
    `      if (remote.sequence < known.sequence) return { _tag: "RolledBack", theirs: remote.sequence }\n      return { _tag: "Fork" }`,
    `      return { _tag: "Adopt" }`,
    "another installation's manifest is adopted"
  ),
  mutant(
    "src/sync/Conflict.ts",
    "if (remote.sequence < known.sequence) return",
    "if (remote.sequence <= known.sequence + 1) return",
    "a clone that published is taken for a store that went back"
  ),
  mutant(
    "src/sync/Conflict.ts",
    `return sequence < seen ? { _tag: "WentBack", seen } : { _tag: "Current" }`,
    `return { _tag: "Current" }`,
    "a peer's log that went back is believed"
  ),
  mutant(
    "src/sync/Conflict.ts",
    "const seen = Math.max(seenByUs, seenByOthers)",
    "const seen = seenByUs + 0 * seenByOthers",
    "what other devices saw of a log does not count"
  ),
  mutant(
    "src/sync/Conflict.ts",
    `if (chain !== boundary.chain) return { _tag: "Diverge", common }`,
    `if (chain !== boundary.chain) return { _tag: "Agree", common }`,
    "a log that was written anew is not read again"
  ),
  // What stands under our own name
  mutant(
    "src/sync/OwnManifest.ts",
    "Math.min(yield* commonWith(manifest), published?.last ?? 0)",
    "(yield* commonWith(manifest)) + 0 * (published?.last ?? 0)",
    "a fork takes equal chains beyond what it published for equal operations"
  ),
  mutant(
    "src/sync/OwnManifest.ts",
    "continueAs({ newId: to, common, known }",
    "continueAs({ newId: to, common: common + 1, known }",
    "a fork leaves out the first operation after the common ones"
  ),
  mutant(
    "src/sync/OwnManifest.ts",
    "const known = yield* knownElsewhere(manifest, common)",
    "const known = new Set([...(yield* knownElsewhere(manifest, common)), common + 1])",
    "a fork thinks that the other log has what it has not"
  ),
  mutant(
    "src/sync/OwnManifest.ts",
    "(yield* db.log.chainAt(boundary.at)) === boundary.chain) return boundary.at",
    '(yield* db.log.chainAt(boundary.at)) !== "") return boundary.at',
    "logs of the same length are taken for the same log"
  ),
  mutant(
    "src/sync/OwnManifest.ts",
    "      db.log.doubtPurged(held),\n",
    "",
    "what was forgotten after a reset stays in the manifest that is adopted"
  ),
  // Push
  mutant(
    "src/sync/Push.ts",
    'if (swap._tag === "Failed" && !mayHaveLost(swap.error)) {',
    'if (swap._tag === "Failed") {',
    "a swap whose answer was lost is taken for one that did not arrive"
  ),
  mutant(
    "src/sync/Push.ts",
    "fetched.manifest.nonce === draft.manifest.nonce",
    'fetched.manifest.nonce !== ""',
    "whatever stands there after a lost swap is taken for ours"
  ),
  mutant(
    "src/sync/Push.ts",
    "operations > 0 || purged > 0 ||",
    "operations > 0 ||",
    "forgetting alone is no reason to publish"
  ),
  mutant(
    "src/sync/Push.ts",
    "      db.log.confirmPurged(draft.purged),\n",
    "",
    "what is purged is never confirmed: every push publishes again"
  ),
  mutant("src/sync/Push.ts", "      SyncState.floor.remove,\n", "", "after a forced push every push publishes again"),
  mutant(
    "src/sync/OwnPublication.ts",
    "last: manifest.last,\n  segments",
    "last: manifest.last + 1,\n  segments",
    "the next operation is taken for published"
  ),
  mutant(
    "src/sync/Push.ts",
    "notBefore: urgent ? now : now + MERGE_GRACE",
    "notBefore: now",
    "what a merge replaced goes at once"
  ),
  // Publishing
  mutant(
    "src/sync/Publish.ts",
    "const sequence = 1 + Math.max(",
    "const sequence = Math.max(1, ",
    "a publication has the number of the one before"
  ),
  mutant(
    "src/sync/Publish.ts",
    "return replaces === null ? Create : IfMatch(replaces)",
    'return replaces === "" ? Create : Always',
    "the manifest is written without a condition"
  ),
  mutant(
    "src/sync/Publish.ts",
    'if (holdsAny(purged, segment)) return "purged"',
    'if (purged.length < 0) return "purged"',
    "segments with what was forgotten stay as they are"
  ),
  mutant(
    "src/sync/Publish.ts",
    "  if (isDurable(device, segment, durable)) return track.durable(segment)\n  yield* uploadSegment(",
    "  if (durable.size > 0) return track.durable(segment)\n  yield* uploadSegment(",
    "what a resumed push finds is taken for all that it needs"
  ),
  mutant(
    "src/sync/Publish.ts",
    "if (block.last < last || size > TRIED_TAILS * inlineTail)",
    "if (size > TRIED_TAILS * inlineTail)",
    "of several blocks all are put into the inline tail"
  ),
  mutant(
    "src/sync/Publish.ts",
    "tailPieces(device, tailFirst, last)",
    "tailPieces(device, tailFirst + 1, last)",
    "the tail leaves out its first operation"
  ),
  // Segments
  mutant(
    "src/sync/SegmentPlan.ts",
    "(numbers[low] ?? 0) <= extent.last",
    "(numbers[low] ?? 0) < extent.last",
    "the last operation of a segment is not looked at when something is forgotten"
  ),
  mutant(
    "src/sync/SegmentPlan.ts",
    "return low < numbers.length && ",
    "return low + 1 < numbers.length && ",
    "the last of several forgotten operations is not looked for"
  ),
  mutant(
    "src/sync/SegmentPlan.ts",
    "purges: group.some((run) => run.purges)",
    "purges: group.every((run) => run.purges)",
    "a merge that purges leaves the old segments for an hour"
  ),
  mutant(
    "src/sync/SegmentUpload.ts",
    "if (size !== segment.bytes.length) yield* overwrite",
    "if (size > segment.bytes.length) yield* overwrite",
    "half a segment is taken for the whole"
  ),
  mutant(
    "src/sync/SegmentUpload.ts",
    "if (size === undefined) return yield* error\n",
    "",
    "a segment that did not arrive is taken for durable"
  ),
  // Debts
  mutant("src/sync/Debts.ts", "      !named.has(debt.name) &&\n", "", "what the manifest names is deleted"),
  mutant(
    "src/sync/Debts.ts",
    "(hasPublished && isTime(debt))",
    "hasPublished",
    "what a merge replaced goes with the next push, whenever that is"
  ),
  mutant(
    "src/sync/Debts.ts",
    "debts.filter((debt) => !names.has(debt.name))",
    "debts",
    "an object that is named again is still owed"
  ),
  mutant(
    "src/sync/Debts.ts",
    "notBefore: urgent ? now : now + grace, urgent }",
    "notBefore: now + grace, urgent: urgent && false }",
    "what was forgotten is not deleted with the push that publishes that"
  ),
  // Pull
  mutant(
    "src/sync/LogFetch.ts",
    "etag: problems.length === 0 ? gathered.etag : null",
    "etag: gathered.etag",
    "a log is done with though a part of it could not be read"
  ),
  mutant(
    "src/sync/LogFetch.ts",
    "    etag: null,\n",
    "    etag: gathered.etag,\n",
    "a manifest is remembered before its log has been applied"
  ),
  mutant(
    "src/sync/LogFetch.ts",
    "if (plan.restart) yield* db.peers.restart(listed.log)\n",
    "",
    "a log that was written anew is not read from its beginning"
  ),
  mutant(
    "src/sync/LogPlan.ts",
    "tail: isNew(tailFirst(manifest), manifest.last)",
    "tail: isNew(tailFirst(manifest) + 1, manifest.last)",
    "a tail of one operation is not read"
  ),
  mutant(
    "src/sync/LogPlan.ts",
    "!(known.has(last) && covers(ranges, first, last))",
    "!(known.has(last) || covers(ranges, first, last))",
    "a segment is passed over when its end has been passed"
  ),
  mutant(
    "src/sync/LogPlan.ts",
    "range.first <= first && last <= range.last",
    "range.first <= first && last <= range.last + 1",
    "a range covers one more than it does"
  ),
  mutant(
    "src/sync/Seen.ts",
    "Math.max(sequence, highest.get(device) ?? 0)",
    "Math.min(sequence, highest.get(device) ?? Infinity)",
    "of what several devices saw the oldest counts"
  ),
  mutant(
    "src/sync/KnownElsewhere.ts",
    "if (elsewhere.has(identityOf(operation)) || elsewhere.has(saying(operation)))",
    "if (elsewhere.has(identityOf(operation)) || elsewhere.size > 0)",
    "a fork takes for known all that it has, once the other log has anything"
  ),
  mutant("src/sync/SyncState.ts", "      noteHighest,\n", "", "a reset forgets how far the log had come"),
  // The database
  mutant(
    "src/db/Shadow.ts",
    "BETWEEN entries.start - ${TWIN_TOLERANCE} AND",
    "BETWEEN entries.start AND",
    "a live entry that began before its second in the file casts no shadow"
  ),
  mutant(
    "src/db/Coverage.ts",
    "if (anyTwin === 1) for (const id of yield* twinsAmong(connection, entries)) learned.add(id)\n",
    "",
    "a forgotten entry comes back from a history file"
  ),
  mutant(
    "src/db/Coverage.ts",
    "if (windows.some((window) => windowCovers(window, entry)))",
    "if (windows.length < 0)",
    "what comes after its window was closed is taken in"
  ),
  mutant(
    "src/db/Coverage.ts",
    "if (anyId === 1) for (const id of yield* forgottenAmong(connection, entries)) forgotten.add(id)\n",
    "",
    "an id that is forgotten is taken in again"
  ),
  mutant(
    "src/db/PeerLogs.ts",
    "const removed = (yield* applyRules(connection, rules)) + (yield* forgetIds(connection, purged))",
    "const removed = yield* applyRules(connection, rules)",
    "what is purged elsewhere is not forgotten here"
  ),
  mutant(
    "src/db/PeerLogs.ts",
    "touching.map((each) => each.last))",
    "touching.map((each) => each.last + 1))",
    "a joined range ends one too far"
  ),
  mutant(
    "src/db/Rules.ts",
    "w.first - ${IMPORTED_SLACK}",
    "w.first + ${IMPORTED_SLACK}",
    "a window begins two seconds late"
  ),
  mutant(
    "src/db/Rules.ts",
    "(e.live = 0 OR e.start BETWEEN w.first AND w.last)",
    "(e.live = 0 OR e.start > w.first AND e.start < w.last - 60000000)",
    "a window ends a minute early"
  ),
  mutant(
    "src/db/Rules.ts",
    "for (const id of yield* underTwins(connection, twins, ids)) covered.add(id)\n",
    "",
    "twins in the history are not forgotten with an entry"
  ),
  mutant(
    "src/db/Rules.ts",
    "for (const id of yield* underWindows(connection, windows)) covered.add(id)\n",
    "",
    "a window forgets nothing that is there"
  ),
  mutant(
    "src/db/Removal.ts",
    "INSERT OR IGNORE INTO forgotten_ids (id) SELECT unhex(value) FROM json_each(${list})",
    "INSERT OR IGNORE INTO forgotten_ids (id) SELECT unhex(value) FROM json_each(${list}) WHERE unhex(value) IN (SELECT id FROM entries)",
    "an entry that comes after its rule is not known to be forgotten"
  ),
  mutant(
    "src/db/Removal.ts",
    "  yield* purgeOperations(connection, list)\n",
    "",
    "operations of what is forgotten keep saying it"
  ),
  mutant(
    "src/db/OwnLogMoves.ts",
    "coalesce(device, ${formerTerm})",
    "device",
    "a fork says that it captured itself what it had captured under its old id"
  ),
  mutant(
    "src/db/OwnLogMoves.ts",
    "yield* sql`DELETE FROM chain_blocks`\n",
    "",
    "a fork goes on with the old log's running hash"
  ),
  mutant(
    "src/db/Finishes.ts",
    "WHERE unhex(value ->> 0) NOT IN (SELECT id FROM forgotten_ids)",
    "WHERE true",
    "how a forgotten entry ended is kept, and told on"
  ),
  mutant("src/db/Connection.ts", "Exit.isFailure(exit) || !keep", "!keep", "a transaction that failed is committed"),
  // The format
  mutant(
    "src/sync/SegmentFetch.ts",
    "plaintext.length !== segment.size || plaintextHash(plaintext) !== segment.sha256",
    "plaintext.length > segment.size",
    "a segment of the same device is taken for another"
  ),
  mutant(
    "src/sync/SegmentFetch.ts",
    "next += batch.length\n",
    "next += batch.length + 1\n",
    "a cursor moves one too far with each batch"
  )
]
