/** The last guard between secrets and the terminal: messages are made without any, but foreign ones and what users typed may not be. */

/** The text without what looks like a secret: keys in URLs, passwords of proxies, Amazon's access keys, web tokens, recovery keys. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/([\w-]*(?:access_?key|secret|token|signature|credential)[\w-]*(?:=|%3D))[^&\s"']*/gi, "$1…")
    .replace(/(\/\/[^/\s:@]*):[^/\s@]*@/g, "$1:…@")
    .replace(/\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}/g, "$1…")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "…")
    .replace(/\bhx1[0-9a-z]{20,}/gi, "hx1…")

/** Whether a text can be nothing but the path of a file: what was given in its place may be the secret that the file should hold. */
export const isPlainlyPath = (text: string): boolean => /^(~|\.{1,2})?\/\S*$/.test(text)
