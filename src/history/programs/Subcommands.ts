/**
 * Programs that are many in one: "git commit" and "git log" are two things that people do, "docker compose up" is a third. Which have
 * subcommands, how many, and which options with a value stand before them. From their manuals.
 */

import type { Word } from "./ShellWords.ts"

interface Shape {
  /** Words of the name behind the program. */
  readonly words: number
  /** Subcommands that have some of their own. */
  readonly nested: ReadonlySet<string>
  /** Options before or between them whose value is the next word. */
  readonly valued: ReadonlySet<string>
}

/** The name of a program with its subcommands, which are looked for from word `from` on. */
export const subcommandOf = (program: string, words: ReadonlyArray<Word>, from: number): string => {
  const shape = SHAPES.get(program)
  if (shape === undefined) return program
  let name = program
  let wanted = shape.words
  for (let at = from; wanted > 0; at++) {
    const word = words[at]
    if (word === undefined) break
    if (word.text.startsWith("-") || word.text.startsWith("+")) {
      if (shape.valued.has(word.text)) at++
      continue
    }
    // A path, a variable, a pattern: arguments, and so will be what follows.
    if (!SUBCOMMAND.test(word.text)) break
    const more = name === program && shape.nested.has(word.text)
    name += ` ${word.text}`
    if (!more) wanted--
  }
  return name
}

const SUBCOMMAND = /^[A-Za-z][A-Za-z0-9_:.-]*$/

const words = (text: string): ReadonlyArray<string> => text.split(/\s+/).filter((word) => word !== "")

const shape = (count: number, nested = "", valued = ""): Shape => ({
  words: count,
  nested: new Set(words(nested)),
  valued: new Set(words(valued))
})

const CONTAINERS = shape(
  1,
  "compose container image volume network system buildx builder context machine pod",
  "-H --host -c --context -l --log-level --config -f --file -p --project-name --env-file --profile"
)

const PACKAGES = shape(1, "run exec workspace", "-C --prefix -w --workspace --filter -F --dir --cwd")

const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ...words(`
    apk apt apt-get apt-cache ansible-galaxy argocd asdf buf cabal chezmoi choco composer conda deno dnf dotnet
    dune eksctl emerge fastlane firebase flatpak flutter flux flyctl fly gem hatch heroku hg hostnamectl jj k3d k9s kind lerna
    launchctl loginctl lxc mamba meson minikube mise mix multipass netlify networkctl nmcli nomad nvm opam op packer pacstrap pass pdm pipx pixi
    pm2 port pulumi pyenv rails rbenv rclone restic rustup sbt scoop sdk skaffold snap stack supabase svn swift tailscale tilt timedatectl tofu turbo
    vagrant vault vercel virsh volta wrangler yum zfs zpool zypper borg btrfs cosign crane ctr dvc earthly hugo istioctl linkerd
  `).map((program) => [program, shape(1)] as const),
  ["git", shape(1, "stash remote submodule worktree bisect lfs flow", "-C -c --git-dir --work-tree --namespace")],
  ["docker", CONTAINERS],
  ["podman", CONTAINERS],
  ["nerdctl", CONTAINERS],
  ["docker-compose", shape(1, "", "-f --file -p --project-name --env-file --profile")],
  ["podman-compose", shape(1, "", "-f --file -p --project-name --env-file --profile")],
  [
    "kubectl",
    shape(1, "config rollout auth top set create", "-n --namespace --context --kubeconfig --cluster -s --user --as")
  ],
  ["oc", shape(1, "adm", "-n --namespace --context --kubeconfig")],
  ["helm", shape(1, "repo plugin", "-n --namespace --kube-context --kubeconfig")],
  ["terraform", shape(1, "state workspace")],
  ["aws", shape(2, "", "--profile --region --output --endpoint-url --query")],
  ["az", shape(2)],
  ["gcloud", shape(2, "", "--project --account --configuration")],
  ["doctl", shape(2)],
  ["gh", shape(2, "", "-R --repo")],
  ["glab", shape(2, "", "-R --repo")],
  ["cargo", shape(1, "", "--config -C -Z --manifest-path")],
  ["npm", PACKAGES],
  ["pnpm", PACKAGES],
  ["yarn", PACKAGES],
  ["bun", PACKAGES],
  ["go", shape(1, "mod tool work", "-C")],
  ["brew", shape(1, "services bundle")],
  ["bundle", shape(1, "exec")],
  ["pip", shape(1)],
  ["pip3", shape(1)],
  ["poetry", shape(1, "run", "-C --directory")],
  ["uv", shape(1, "run pip tool python", "--directory --project")],
  ["nix", shape(1, "flake profile store")],
  ["systemctl", shape(1, "", "-H --host -M --machine -t --type -p --property -n --lines -o --output")],
  ["ip", shape(1, "", "-n --netns -f --family")],
  ["tmux", shape(1, "", "-L -S -f -T")],
  ["hx", shape(1, "sync hook")]
])
