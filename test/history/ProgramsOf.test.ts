import { describe, expect, it } from "vitest"
import { programsOf } from "../../src/history/ProgramsOf.ts"

describe("the programs in a command line", () => {
  const cases: ReadonlyArray<readonly [line: string, programs: ReadonlyArray<string>]> = [
    ["git commit -m 'a; b | c'", ["git commit"]],
    ["git -C ../x stash pop", ["git stash pop"]],
    ["sudo -u root LANG=C apt-get install x", ["apt-get install"]],
    ["sudo -i", ["sudo"]],
    ["docker compose -f x.yml up -d", ["docker compose up"]],
    ["timeout -s KILL 5m make test", ["make"]],
    ["kubectl -n web get pods", ["kubectl get"]],
    ["npm run build:prod", ["npm run build:prod"]],
    ["cat log | grep x | sort > out 2>&1", ["cat", "grep", "sort"]],
    ['for f in *; do /usr/bin/gzip "$f"; done', ["gzip"]],
    ["cd build && make && cd ..", ["cd", "make"]],
    ["./configure --prefix=~/x", ["./configure"]],
    ['echo "$(git log | head)" # git push', ["echo"]],
    ["diff <(sort a) <(sort b) c", ["diff"]],
    ["cat <<EOF | tee f\ngit push\nEOF\nls", ["cat", "tee", "ls"]],
    ["X=1", []],
    ["", []],
    ["'unclosed", ["unclosed"]]
  ]
  it.each(cases)("%j runs %j", (line, programs) => {
    expect(programsOf(line)).toEqual(programs)
  })
})
