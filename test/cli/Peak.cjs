// Loaded before the program (--require): tells at its end how much memory it took at most, in KiB.
const { writeFileSync } = require("node:fs")

process.on("exit", () => writeFileSync(process.env.HX_TEST_PEAK, String(process.resourceUsage().maxRSS)))
