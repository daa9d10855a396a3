/** The completions of hx for bash, without need of the bash-completion package. */

import { commonOptions, type CompletedOption, type Place, type Values } from "./Completions.ts"

export const bashCompletions = (places: ReadonlyArray<Place>, version: string): string => `\
# Completions of hx ${version} for bash, made by: hx completions bash

_hx() {
  local current=\${COMP_WORDS[COMP_CWORD]} place=hx option= rest= kind= before= choices= word i IFS=$' \\t\\n'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $option ]]; then
      # Where = ends words, "--option=value" comes as three of them.
      [[ $word == = ]] || option=
    elif [[ -n $rest ]]; then
      continue
    elif [[ $word == -- ]]; then
      rest=yes
    elif [[ $word == -* ]]; then
      _hx_value "$place" "$word"
      [[ -n $kind ]] && option=$word
    else
      case "$place $word" in
        ${places
          .slice(1)
          .map(({ path }) => quoted(path))
          .join(" | ")}) place="$place $word" ;;
      esac
    fi
  done

  if [[ -n $option && $current == = ]]; then
    current=
  elif [[ -z $option && -z $rest && $current == --*=* ]]; then
    option=\${current%%=*}
    before=$option=
    current=\${current#*=}
  fi
  if [[ -n $option ]]; then
    _hx_value "$place" "$option"
  elif [[ -z $rest && $current == -* ]]; then
    kind=options
  else
    _hx_word "$place" "$rest"
  fi

  case $kind in
    options) _hx_options "$place"; COMPREPLY=($(compgen -W "$choices" -- "$current")) ;;
    choices) COMPREPLY=($(compgen -W "$choices" -P "$before" -- "$current")) ;;
    hosts | sessions | devices) _hx_ask "$kind" "$current" "$before" ;;
    files) _hx_files default -f "$current" "$before" ;;
    directories) _hx_files dirnames -d "$current" "$before" ;;
  esac
}

# What an option takes: sets kind, which stays empty for a switch, and choices.
_hx_value() {
  kind= choices=
  case "$1 $2" in
${[
  ...commonOptions().flatMap((option) => valueCase("*", option)),
  ...places.flatMap((place) => place.options.flatMap((option) => valueCase(quoted(place.path), option)))
].join("\n")}
  esac
}

# What can stand as a word: sets kind and choices.
_hx_word() {
  kind= choices=
  case $1 in
${places.map((place) => `    ${quoted(place.path)}) ${wordSettings(place)} ;;`).join("\n")}
  esac
}

_hx_options() {
  case $1 in
${places
  .map((place) => `    ${quoted(place.path)}) choices=${quoted(optionNames(place.options).join(" "))} ;;`)
  .join("\n")}
  esac
  choices="$choices ${optionNames(commonOptions()).join(" ")}"
}

# Names from the history: whatever they hold, they are one word and no more.
_hx_ask() {
  local value item typed=$2
  while IFS= read -r value; do
    [[ -n $value ]] || continue
    case $2 in
      \\'*)
        [[ $value == *\\'* ]] && continue
        item=$value typed=\${2#?}
        ;;
      \\"*)
        [[ $value == *[\\"\\$\\\`\\\\!]* ]] && continue
        item=$value typed=\${2#?}
        ;;
      *)
        printf -v item %q "$value"
        # These would end the word for readline.
        [[ $item == \\$* ]] || item=\${item//:/\\\\:} item=\${item//=/\\\\=}
        ;;
    esac
    [[ $item == "$typed"* ]] && COMPREPLY+=("$3$item")
  done < <(command hx completion-values "$1" 2>/dev/null </dev/null)
}

# Readline completes file names best itself; an older one has to be helped.
_hx_files() {
  if [[ -z $4 ]] && compopt -o "$1" 2>/dev/null; then return; fi
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$2" -P "$4" -- "$3"))
}

complete -F _hx hx
`

const optionNames = (options: ReadonlyArray<CompletedOption>): ReadonlyArray<string> =>
  options.flatMap(({ names }) => names)

const valueCase = (place: string, { names, value }: CompletedOption): ReadonlyArray<string> =>
  value === undefined ? [] : [`    ${names.map((name) => `${place}' '${name}`).join(" | ")}) ${settings(value)} ;;`]

const wordSettings = (place: Place): string => {
  if (place.commands.length > 0)
    return `[[ -z $2 ]] && kind=choices choices=${quoted(place.commands.map(([name]) => name).join(" "))}`
  return place.words._tag === "Free" ? "[[ -z $2 ]] && kind=options" : settings(place.words)
}

const settings = (values: Values): string => {
  switch (values._tag) {
    case "Free":
      return "kind=free"
    case "Choices":
      return `kind=choices choices=${quoted(values.choices.join(" "))}`
    case "Files":
      return "kind=files"
    case "Directories":
      return "kind=directories"
    case "Asked":
      return `kind=${values.kind}`
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
