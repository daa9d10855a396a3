import * as Args from "@effect/cli/Args"
import { SHELLS } from "../../../capture/HookedShells.ts"

export const shells = Args.choice(
  SHELLS.map((shell) => [shell, shell] as const),
  { name: "SHELL" }
).pipe(Args.withDescription("zsh, bash or fish; several may be named"), Args.repeated)
