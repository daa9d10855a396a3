/** Programs that run the command behind them: statistics look through them. From their manuals. */

export interface Wrapper {
  /** Options whose value is the next word. */
  readonly valued: ReadonlySet<string>
  /** Words between the options and the command: the duration of timeout. */
  readonly operands: number
}

const wrapper = (valued = "", operands = 0): Wrapper => ({
  valued: new Set(valued.split(" ").filter((option) => option !== "")),
  operands
})

export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map([
  ["sudo", wrapper("-u --user -g --group -h --host -p --prompt -C -D --chdir -R --chroot -T -r --role -t --type -U")],
  ["doas", wrapper("-u -C -a")],
  ["env", wrapper("-u --unset -C --chdir")],
  ["nice", wrapper("-n --adjustment")],
  ["ionice", wrapper("-c --class -n --classdata -p")],
  ["chrt", wrapper("", 1)],
  ["taskset", wrapper("", 1)],
  ["timeout", wrapper("-k --kill-after -s --signal", 1)],
  ["stdbuf", wrapper("-i -o -e --input --output --error")],
  ["time", wrapper("-f --format -o --output")],
  ["xargs", wrapper("-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-procs --max-lines --replace")],
  ["exec", wrapper("-a")],
  ["systemd-inhibit", wrapper()],
  ["nohup", wrapper()],
  ["setsid", wrapper()],
  ["builtin", wrapper()],
  ["noglob", wrapper()],
  ["nocorrect", wrapper()],
  ["caffeinate", wrapper("-t -w")],
  ["chronic", wrapper()],
  ["unbuffer", wrapper()]
])
