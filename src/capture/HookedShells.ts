/** The shells that can be recorded. */

export const SHELLS = ["zsh", "bash", "fish"] as const

export type HookedShell = (typeof SHELLS)[number]
