/** The table of settings of recording what runs. */

import { listSetting, type Setting } from "./Setting.ts"

/** Commands that are kept out, by patterns of whole commands. */
export const Ignore = listSetting(
  { variable: "HX_CAPTURE_IGNORE", key: "capture.ignore" },
  "patterns of commands, with * for anything, one a line"
)

/** Directories in which nothing is recorded, with all below them. */
export const IgnoreDirectories = listSetting(
  { variable: "HX_CAPTURE_IGNORE_DIRECTORIES", key: "capture.ignore_directories" },
  "directories, from / or ~ on, one a line"
)

export const CAPTURE: ReadonlyArray<Setting<unknown>> = [Ignore, IgnoreDirectories]
