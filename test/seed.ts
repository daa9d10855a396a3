/**
 * Properties are tried on the same cases in every run, so that a change is judged by what it changed. HX_TEST_SEED=random tries others, and a number
 * repeats the run that failed with it.
 */

import fc from "fast-check"

const { HX_TEST_SEED: asked = "20261122" } = process.env

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  ...(asked === "random" ? {} : { seed: Number(asked) })
})
