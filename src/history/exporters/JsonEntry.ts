/**
 * One entry as the JSON of a backup, and a line of JSONL:
 *
 *     { "id", "command", "start", "duration", "exit", "cwd", "session", "host", "user", "shell", "origin" }
 *
 * `start` is ISO 8601 in UTC with microseconds or null; `duration` is in seconds or null. Text is RawText, which is well-formed Unicode whatever
 * bytes it stands for (those that are not UTF-8 are U+10FF80..U+10FFFF): JSON carries it without loss. Importing gives the same entry again.
 */

import type { Entry } from "../../domain/Entry.ts"
import * as Instant from "../../domain/Instant.ts"

export const jsonEntry = (entry: Entry): string =>
  JSON.stringify({
    id: entry.id,
    command: entry.command,
    start: entry.start === null ? null : Instant.toIso(entry.start),
    duration: entry.duration === null ? null : entry.duration / Instant.SECOND,
    exit: entry.exit,
    cwd: entry.cwd,
    session: entry.session,
    host: entry.host,
    user: entry.user,
    shell: entry.shell,
    origin: entry.origin
  })
