/** All commands there are, for the commands that speak of the others: help and completions. */

import { Context } from "effect"
import type { CommandNode } from "./CommandTree.ts"

export class Manual extends Context.Tag("hx/Manual")<
  Manual,
  {
    readonly root: CommandNode<unknown, unknown>
    /** Of hx. */
    readonly version: string
  }
>() {}
