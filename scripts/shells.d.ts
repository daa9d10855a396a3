/** Shell scripts are bundled as text. */
declare module "*.zsh" {
  const text: string
  export default text
}

declare module "*.bash" {
  const text: string
  export default text
}

declare module "*.fish" {
  const text: string
  export default text
}
