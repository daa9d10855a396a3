/** Commands as people type them, given where they are. */

import { coinName, newBranch, type Project, someFile } from "./Project.ts"
import type { SeededRandom } from "./SeededRandom.ts"
import { ADJECTIVES, NOUNS, NPM_PACKAGES, PACKAGES, UNICODE_PHRASES, VERBS } from "./Words.ts"

/** What a command is made from. */
export interface Scene {
  readonly random: SeededRandom
  readonly project: Project
  readonly hosts: ReadonlyArray<string>
}

export interface TypedCommand {
  readonly text: string
  /** About how long it runs, in seconds. */
  readonly seconds: number
  /** How often it fails. */
  readonly failure: number
}

/** One new command line; what it depends on is chosen anew each time. */
export const compose = (scene: Scene): TypedCommand => {
  const total = scene.random.unit() * TOTAL_WEIGHT
  let sum = 0
  for (const { failure, make, seconds, weight } of TEMPLATES) {
    sum += weight
    if (total < sum) return { text: elaborate(scene, make(scene)), seconds, failure }
  }
  return { text: "ls", seconds: 0.01, failure: 0 }
}

/** Now and then somebody adds to it. */
const elaborate = (scene: Scene, text: string): string => {
  const { random } = scene
  if (text.includes("\n") || !random.chance(0.07)) return text
  return random.pick([
    () => `time ${text}`,
    () => `${text} 2>&1 | tee /tmp/${word(scene)}-${random.below(100)}.log`,
    () => `${text} > ~/${word(scene)}/${coinName(random)}.txt`,
    () => `${text} && notify-send "${phrase(scene)}"`,
    () => `${text} # ${phrase(scene)}`,
    () => `${word(scene).toUpperCase()}=${random.hex(6)} ${text}`
  ])()
}

interface Template {
  readonly weight: number
  readonly make: (scene: Scene) => string
  readonly seconds: number
  readonly failure: number
}

const template = (weight: number, make: Template["make"], seconds = 0.03, failure = 0.02): Template => ({
  weight,
  make,
  seconds,
  failure
})

const fixed = (weight: number, texts: ReadonlyArray<string>, seconds?: number, failure?: number): Template =>
  template(weight, ({ random }) => random.pickSkewed(texts), seconds, failure)

const file = ({ project, random }: Scene): string => someFile(random, project)
const folder = ({ project, random }: Scene): string => random.pickSkewed(project.folders)
const word = ({ random }: Scene): string => random.pick(NOUNS)
const identifier = ({ random }: Scene): string => {
  const [verb, noun] = [random.pick(VERBS), random.pick(NOUNS)]
  return random.chance(0.5) ? `${verb}${noun.charAt(0).toUpperCase()}${noun.slice(1)}` : `${verb}_${noun}`
}

/** A commit message, a search phrase: a few words that belong together. */
const phrase = ({ random }: Scene): string => {
  if (random.chance(0.02)) return `${random.pick(UNICODE_PHRASES)} ${random.pick(NOUNS)}`
  const adjective = random.chance(0.4) ? `${random.pick(ADJECTIVES)} ` : ""
  const rest = random.chance(0.5)
    ? ` ${random.pick(["in", "for", "of", "when", "before", "after"])} ${random.pick(NOUNS)} ${random.pick(NOUNS)}`
    : ""
  return `${random.pickSkewed(VERBS)} ${adjective}${random.pick(NOUNS)}${rest}`
}

const pod = ({ project, random }: Scene): string => `${project.name}-${random.hex(10)}-${random.hex(5)}`
const port = ({ random }: Scene): number => random.pickSkewed([8080, 3000, 5432, 8000, 9090, 5173, 6379, 4000, 8443])

const runTests = (scene: Scene): string => {
  const { project, random } = scene
  switch (project.language) {
    case "ts":
      return random.pick([
        "npm test",
        "npx vitest run " + file(scene),
        `npm test -- -t '${phrase(scene)}'`,
        "npm run check"
      ])
    case "py":
      return random.pick([
        "pytest",
        "pytest -x -q",
        `pytest ${file(scene)} -k ${identifier(scene)}`,
        "python -m pytest --lf"
      ])
    case "go":
      return random.pick([
        "go test ./...",
        `go test ./${folder(scene)}/...`,
        `go test -run Test${identifier(scene)} ./...`,
        "go vet ./..."
      ])
    case "rs":
      return random.pick([
        "cargo test",
        "cargo check",
        `cargo test ${identifier(scene)}`,
        "cargo clippy --all-targets -- -D warnings"
      ])
    case "ops":
      return random.pick([
        "terraform plan",
        `terraform plan -target=module.${word(scene)}`,
        "terraform validate",
        "make lint"
      ])
  }
}

const build = (scene: Scene): string => {
  const { project, random } = scene
  const tag = `${project.name}:${random.chance(0.5) ? "latest" : `1.${random.below(60)}.${random.below(12)}`}`
  return random.pickSkewed([
    ...(project.language === "rs" ? ["cargo build --release", `cargo run -- ${word(scene)}`] : []),
    ...(project.language === "ts"
      ? ["npm run build", "npm run dev", `npm i -D ${random.pickSkewed(NPM_PACKAGES)}`]
      : []),
    ...(project.language === "py" ? [`python ${file(scene)} --${word(scene)} ${random.below(500)}`, "uv sync"] : []),
    ...(project.language === "go" ? ["go build ./...", `go run ./cmd/${project.name}`] : []),
    "make",
    `make ${word(scene)}`,
    `docker build -t ${tag} .`,
    "docker compose up -d",
    `docker run --rm -it -p ${port(scene)}:${port(scene)} ${tag}`
  ])
}

const pipeline = (scene: Scene): string => {
  const { random } = scene
  const source = random.pick([
    () => `cat ${file(scene)}`,
    () => `journalctl -u ${scene.project.name} --since '${random.between(1, 50)} min ago'`,
    () => `kubectl logs ${pod(scene)} --tail=${random.pick([100, 200, 500, 1000])}`,
    () => `curl -s https://api.${coinName(random)}.io/v${random.between(1, 3)}/${word(scene)}s/${random.below(90000)}`,
    () => `git log --since='${random.between(1, 9)} weeks ago' --format='%an %s'`,
    () => `ps aux`
  ])()
  const steps = Array.from({ length: random.between(1, 3) }, () =>
    random.pick([
      () => `grep -v ${word(scene)}`,
      () => `grep -i '${word(scene)}'`,
      () => `jq -r '.${word(scene)}[] | .${word(scene)}'`,
      () => `awk '{print $${random.between(1, 9)}}'`,
      () => "sort | uniq -c | sort -rn",
      () => `head -${random.pick([5, 10, 20, 50])}`,
      () => "wc -l",
      () => `sed 's/${word(scene)}/${word(scene)}/g'`,
      () => `cut -d${random.pick([",", ":", "' '"])} -f${random.between(1, 5)}`,
      () => "less"
    ])()
  )
  return [source, ...steps].join(" | ")
}

const loop = (scene: Scene): string => {
  const { random } = scene
  const body = random.pick([
    () => `echo "$f"\n  ${random.pick(["wc -l", "sha256sum", "file", "gzip -9"])} "$f"`,
    () => `mv "$f" "${word(scene)}-$f"`,
    () => `ssh $f 'systemctl status ${word(scene)}'\n  sleep ${random.between(1, 9)}`
  ])()
  return `for f in ${random.chance(0.5) ? `*.${random.pick(["log", "csv", "json", "jpg"])}` : scene.hosts.slice(0, 3).join(" ")}; do\n  ${body}\ndone`
}

/** The long lines that one is glad to find again. */
const longRun = (scene: Scene): string => {
  const { project, random } = scene
  const image = `registry.${coinName(random)}.io/${project.name}:${random.hex(8)}`
  return random.pick([
    () =>
      `docker run --rm -v "$PWD":/work -w /work -e ${word(scene).toUpperCase()}_URL=postgres://localhost:${port(scene)}/${word(scene)} ${image} ${identifier(scene)}`,
    () =>
      `ffmpeg -i ${word(scene)}-${random.below(400)}.mov -ss 00:${random.between(10, 59)}:${random.between(10, 59)} -t ${random.between(5, 90)} -c:v libx264 -crf ${random.between(18, 30)} ${word(scene)}.mp4`,
    () =>
      `aws ec2 describe-instances --region ${random.pick(["eu-west-1", "us-east-1", "eu-central-1"])} --instance-ids i-0${random.hex(16)} --query 'Reservations[].Instances[].${word(scene)}'`,
    () =>
      `curl -fsSL https://github.com/${coinName(random)}/${coinName(random)}/releases/download/v${random.below(9)}.${random.below(30)}.${random.below(20)}/${word(scene)}-linux-amd64.tar.gz | tar xz -C ~/.local/bin`,
    () =>
      `git log --author=${coinName(random)} --since=${random.between(2019, 2026)}-0${random.between(1, 9)}-${random.between(10, 28)} --pretty='%h %ad %s' -- ${folder(scene)}`,
    () =>
      `NODE_OPTIONS=--max-old-space-size=${random.between(2, 16) * 512} npx ${random.pick(["tsx", "vitest run", "eslint --fix"])} ${file(scene)} --${word(scene)}=${random.below(1000)}`,
    () =>
      `openssl req -x509 -newkey rsa:4096 -nodes -keyout ${word(scene)}.key -out ${word(scene)}.crt -days ${random.between(30, 3650)} -subj "/CN=${random.pickSkewed(scene.hosts)}"`
  ])()
}

const request = (scene: Scene): string => {
  const { random } = scene
  const body = `{"${word(scene)}":"${coinName(random)}","${word(scene)}":${random.below(1000)}}`
  return `curl -X POST localhost:${port(scene)}/api/${word(scene)} -H 'Content-Type: application/json' -d '${body}'`
}

const TEMPLATES: ReadonlyArray<Template> = [
  fixed(50, ["git status", "git st", "gs", "git status -sb"]),
  fixed(38, ["ls", "ll", "ls -la", "ls -lh", "la", "ls -lrt"]),
  fixed(18, ["cd ..", "cd", "cd -", "cd ../..", "pwd"]),
  fixed(20, ["git diff", "git diff --cached", "git diff HEAD~1", "git diff --stat"], 3),
  fixed(18, ["git pull", "git push", "git pull --rebase", "git fetch --all --prune", "git push -f"], 1.5, 0.06),
  fixed(
    22,
    ["clear", "exit", "history", "htop", "top", "df -h", "free -h", "w", "date", "env | sort", "jobs", "fg"],
    2
  ),
  fixed(
    14,
    ["git log --oneline", "git log", "git log --oneline -20", "git stash", "git stash pop", "git branch -a"],
    1
  ),
  fixed(
    14,
    ["docker ps", "docker compose logs -f", "docker ps -a", "kubectl get pods", "kubectl get pods -A", "docker images"],
    1
  ),
  fixed(10, ["make", "make test", "make build", "make clean", "make install", "make lint"], 12, 0.15),
  fixed(8, ["sudo apt update", "sudo apt upgrade", "sudo su -", "sudo reboot", "brew update", "brew upgrade"], 20),
  template(
    62,
    (scene) => `cd ${scene.random.chance(0.75) ? folder(scene) : scene.project.root.replace(/^\/home\/\w+/, "~")}`,
    0.002,
    0.03
  ),
  template(58, (scene) => `${scene.random.pickSkewed(["vim", "nvim", "code", "vi", "nano"])} ${file(scene)}`, 60),
  template(
    24,
    (scene) => `git add ${scene.random.chance(0.4) ? scene.random.pick([".", "-A", "-p", "-u"]) : file(scene)}`
  ),
  template(
    30,
    (scene) => `git commit -${scene.random.pickSkewed(["m", "am"])} ${JSON.stringify(phrase(scene))}`,
    0.4,
    0.05
  ),
  template(
    16,
    ({ project, random }) =>
      `git checkout ${random.chance(0.7) ? random.pickSkewed(project.branches) : `-b ${newBranch(random)}`}`,
    0.2
  ),
  template(
    8,
    (scene) => `git ${scene.random.pick(["checkout --", "log -p", "blame", "restore", "show HEAD:"])} ${file(scene)}`
  ),
  template(
    4,
    ({ random }) =>
      `git ${random.pick(["show", "revert", "cherry-pick", "rebase -i", "reset --hard"])} ${random.hex(random.pick([7, 8, 40]))}`
  ),
  template(46, runTests, 9, 0.3),
  template(34, build, 20, 0.2),
  template(
    24,
    (scene) => `${scene.random.pickSkewed(["cat", "less", "head -50", "bat", "wc -l", "tail -f"])} ${file(scene)}`,
    1
  ),
  template(
    30,
    (scene) =>
      `${scene.random.pickSkewed(["rg", "grep -rn", "ag", "rg -i"])} ${scene.random.chance(0.5) ? identifier(scene) : `'${phrase(scene)}'`} ${scene.random.chance(0.4) ? folder(scene) : ""}`.trimEnd(),
    0.2,
    0.25
  ),
  template(
    10,
    (scene) =>
      `find . -name '*${word(scene)}*' ${scene.random.pick(["", "-type f", "-mtime -1", "| xargs wc -l"])}`.trimEnd(),
    0.6
  ),
  template(
    12,
    (scene) => `${scene.random.pick(["rm", "rm -f", "rm -rf", "touch", "chmod +x", "ls -l"])} ${file(scene)}`
  ),
  template(
    10,
    (scene) =>
      `${scene.random.pick(["mv", "cp", "cp -r", "diff -u", "ln -s"])} ${file(scene)} ${scene.random.chance(0.5) ? file(scene) : folder(scene)}`
  ),
  template(6, (scene) => `mkdir -p ${folder(scene)}/${word(scene)}`),
  template(20, (scene) => `ssh ${scene.random.pickSkewed(scene.hosts)}`, 200, 0.1),
  template(
    5,
    (scene) =>
      `${scene.random.pick(["scp", "rsync -avz"])} ${file(scene)} ${scene.random.pickSkewed(scene.hosts)}:${scene.random.pick(["/tmp/", "~/", "/var/www/", "/opt/"])}${word(scene)}`,
    8
  ),
  template(
    6,
    ({ hosts, random }) =>
      `${random.pick(["ping", "ping -c 3", "dig", "nslookup", "host", "traceroute"])} ${random.pickSkewed(hosts)}`,
    4
  ),
  template(24, pipeline, 1, 0.08),
  template(12, request, 0.3, 0.1),
  template(4, (scene) => `curl -sI https://${scene.random.pickSkewed(scene.hosts)}/${word(scene)}/${word(scene)}`, 0.5),
  template(
    8,
    (scene) =>
      `kubectl ${scene.random.pickSkewed(["logs -f", "describe pod", "exec -it", "delete pod", "get -o yaml pod"])} ${pod(scene)}`,
    6
  ),
  template(
    5,
    (scene) =>
      `docker ${scene.random.pick(["logs -f", "exec -it", "stop", "rm -f", "inspect"])} ${scene.random.chance(0.5) ? scene.random.hex(12) : `${scene.project.name}-${word(scene)}-1`}`,
    5
  ),
  template(
    4,
    ({ random }) =>
      `sudo apt install ${random.pickSkewed(PACKAGES)}${random.chance(0.2) ? ` ${random.pick(PACKAGES)}` : ""}`,
    15
  ),
  template(
    4,
    (scene) =>
      `sudo systemctl ${scene.random.pick(["restart", "status", "stop", "start", "enable --now"])} ${scene.project.name}`,
    0.5
  ),
  template(5, ({ random }) => `kill ${random.chance(0.3) ? "-9 " : ""}${random.between(300, 99999)}`),
  template(
    5,
    (scene) =>
      `export ${word(scene).toUpperCase()}_${word(scene).toUpperCase()}=${scene.random.chance(0.5) ? scene.random.hex(16) : scene.random.between(1, 9000)}`
  ),
  template(6, (scene) => `echo $${scene.random.pickSkewed(["PATH", "HOME", "?", "SHELL", "EDITOR"])}`),
  template(
    4,
    (scene) =>
      `man ${scene.random.pick(["rsync", "find", "tar", "jq", "ssh_config", "systemd.service", "git-rebase", word(scene)])}`,
    40
  ),
  template(
    4,
    (scene) =>
      `tar ${scene.random.pick(["xzf", "czf", "tf"])} ${scene.project.name}-${scene.random.below(9)}.${scene.random.below(30)}.tar.gz`,
    2
  ),
  template(
    5,
    (scene) =>
      `psql -h ${scene.random.pickSkewed(scene.hosts)} -c "select ${word(scene)}_id, count(*) from ${word(scene)}s where ${word(scene)} > ${scene.random.below(10000)} group by 1"`,
    2,
    0.1
  ),
  template(
    3,
    (scene) =>
      `aws s3 ${scene.random.pick(["ls", "cp --recursive", "sync"])} s3://${scene.project.name}-${word(scene)}/${scene.random.between(2019, 2026)}/${scene.random.between(10, 12)}/`,
    5
  ),
  template(26, longRun, 30, 0.15),
  template(
    10,
    (scene) =>
      `kubectl -n ${word(scene)}-${scene.random.pickSkewed(["prod", "stage", "dev"])} ${scene.random.pick(["get pods -o wide", "rollout restart deploy/", "port-forward svc/", "top pod -l app="])}${scene.project.name}`,
    2,
    0.1
  ),
  template(
    9,
    (scene) =>
      `gh pr create --title "${phrase(scene)}" --body "${phrase(scene)}, ${phrase(scene)}" --base ${scene.random.pickSkewed(scene.project.branches)}`,
    3,
    0.1
  ),
  template(
    9,
    (scene) => `ssh -L ${port(scene)}:localhost:${port(scene)} ${scene.random.pickSkewed(scene.hosts)} -N`,
    600,
    0.1
  ),
  template(
    12,
    (scene) =>
      `${scene.random.pickSkewed(["tail -f", "less +G", "sudo tail -100", "zgrep -c ERROR"])} /var/log/${word(scene)}/${scene.project.name}-${scene.random.between(2020, 2026)}-${scene.random.between(10, 12)}-${scene.random.between(10, 28)}.log`,
    5
  ),
  template(3, loop, 5),
  template(
    2,
    (scene) =>
      `python3 -c "import ${scene.random.pick(["json", "sys", "os", "time"])}; print(${scene.random.below(4096)} * ${scene.random.below(4096)})"`,
    0.1
  ),
  template(
    2,
    (scene) =>
      `cat > ${file(scene)} <<EOF\n${word(scene)}: ${word(scene)}\n${word(scene)}: ${scene.random.below(100)}\nEOF`
  ),
  template(
    2,
    ({ random }) =>
      `openssl ${random.pick(["rand -hex 32", "x509 -text -noout -in cert.pem", "s_client -connect"])} ${coinName(random)}`
  )
]

const TOTAL_WEIGHT = TEMPLATES.reduce((sum, { weight }) => sum + weight, 0)
