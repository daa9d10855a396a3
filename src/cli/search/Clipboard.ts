/**
 * Copying through the terminal (OSC 52): the only way that works over ssh as well, and that needs no other program. Terminals may refuse it, and tell
 * nobody; so what is said is that it was sent.
 */

import * as RawText from "../../domain/RawText.ts"

/** Base64 that xterm and others take at most, in bytes before it. */
const MOST = 74_994

export const copying = (command: string): { readonly bytes: string; readonly notice: string } => {
  const raw = Buffer.from(RawText.toBytes(command))
  if (raw.length > MOST) return { bytes: "", notice: "Too long for a terminal's clipboard; take it with Enter." }
  return {
    bytes: `\u001B]52;c;${raw.toString("base64")}\u0007`,
    notice: "Sent to the terminal's clipboard. Where nothing arrives, the terminal does not allow it (OSC 52)."
  }
}
