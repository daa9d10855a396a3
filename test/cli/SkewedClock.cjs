// Runs a program with a clock that is wrong: NODE_OPTIONS="--require <this file>", HX_TEST_CLOCK_OFFSET in milliseconds.
"use strict"

const offset = Number(process.env.HX_TEST_CLOCK_OFFSET)
const TrueDate = Date

globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length === 0)
      super(TrueDate.now() + offset) // the clock that this file skews
    else super(...given)
  }

  static now() {
    return TrueDate.now() + offset // the same
  }
}
