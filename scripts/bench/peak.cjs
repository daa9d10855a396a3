// Preloaded into a measured program: what it cost is written to the file that HX_BENCH_COST names, when it ends.
// CommonJS, so that `--require` takes it.

const { readFileSync, writeFileSync } = process.getBuiltinModule("node:fs")

process.on("exit", () => {
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  const cost = { cpu: (userCPUTime + systemCPUTime) / 1000, memory: highWater() ?? maxRSS * 1024 }
  writeFileSync(process.env.HX_BENCH_COST, JSON.stringify(cost))
})

/** Bytes. Linux's maxRSS also counts what the parent held at the moment of the fork; VmHWM begins anew with the program. */
function highWater() {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1])
  } catch {
    return undefined
  }
}
