/** Builds dist before the first test, so that test/cli runs what the sources say. HX_TEST_BUILT=1 says that it has just been built. */

import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

export default (): void => {
  if (process.env["HX_TEST_BUILT"] === "1") return
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/build.mjs", import.meta.url))], {
    stdio: "inherit"
  })
}
