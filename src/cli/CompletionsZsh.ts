/** The completions of hx for zsh: a file _hx in the $fpath, or sourced after compinit. */

import { commonOptions, type CompletedOption, type Place, type Values } from "./Completions.ts"

export const zshCompletions = (places: ReadonlyArray<Place>, version: string): string => `\
#compdef hx
# Completions of hx ${version} for zsh, made by: hx completions zsh

_hx() {
  local place=hx option= rest= word
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $option ]]; then
      option=
    elif [[ -n $rest ]]; then
      continue
    elif [[ $word == -- ]]; then
      rest=yes
    elif [[ $word == -* ]]; then
      [[ $word != *=* ]] && _hx_takes "$place" "$word" && option=$word
    else
      case "$place $word" in
        (${places
          .slice(1)
          .map(({ path }) => quoted(path))
          .join("|")}) place="$place $word" ;;
      esac
    fi
  done

  if [[ -n $option ]]; then
    _hx_values "$place" "$option"
  elif [[ -z $rest && $PREFIX == --*=* ]] && _hx_takes "$place" "\${PREFIX%%=*}"; then
    option=\${PREFIX%%=*}
    compset -P '*='
    _hx_values "$place" "$option"
  elif [[ -z $rest && $PREFIX == -* ]]; then
    _hx_options "$place"
  else
    _hx_words "$place" "$rest"
  fi
}

# Whether an option takes the word after it.
_hx_takes() {
  case "$1 $2" in
    (${valued(places).join("|")}) return 0 ;;
  esac
  return 1
}

_hx_options() {
  local -a options
  options=(${optionList(commonOptions())})
  case $1 in
${places
  .filter(({ options }) => options.length > 0)
  .map((place) => `    (${quoted(place.path)}) options+=(${optionList(place.options)}) ;;`)
  .join("\n")}
  esac
  _describe 'option' options
}

_hx_values() {
  case "$1 $2" in
${[
  ...commonOptions().flatMap((option) => valueCases("*", option)),
  ...places.flatMap((place) => place.options.flatMap((option) => valueCases(quoted(place.path), option)))
].join("\n")}
  esac
}

_hx_words() {
  local -a commands
  case $1 in
${places.map((place) => `    (${quoted(place.path)}) ${wordsAction(place)} ;;`).join("\n")}
  esac
}

# Names from the history. They are quoted where they are put into the line.
_hx_ask() {
  local -a values
  values=("\${(@f)$(command hx completion-values $1 2>/dev/null </dev/null)}")
  values=("\${(@)values:#}")
  (( $#values )) && compadd -a values
}

if [[ $funcstack[1] == _hx ]]; then
  _hx "$@"
elif (( $+functions[compdef] )); then
  compdef _hx hx
fi
`

const optionList = (options: ReadonlyArray<CompletedOption>): string =>
  options.flatMap((option) => option.names.map((name) => described(name, option.meaning))).join(" ")

/** A word of _describe: a colon ends the name. */
const described = (name: string, meaning: string): string => quoted(`${name.replaceAll(":", "\\:")}:${meaning}`)

const wordsAction = (place: Place): string => {
  if (place.commands.length > 0) {
    const list = place.commands.map(([name, summary]) => described(name, summary)).join(" ")
    return `[[ -z $2 ]] && commands=(${list}) && _describe 'command' commands`
  }
  return place.words._tag === "Free" ? `[[ -z $2 ]] && _hx_options "$1"` : action(place.words, "word")
}

const valueCases = (place: string, option: CompletedOption): ReadonlyArray<string> => {
  const { names, placeholder, value } = option
  if (value === undefined) return []
  return [`    (${names.map((name) => `${place}' '${name}`).join("|")}) ${action(value, placeholder)} ;;`]
}

const action = (values: Values, placeholder: string): string => {
  switch (values._tag) {
    case "Free":
      return `_message -e values ${quoted(placeholder)}`
    case "Choices":
      return `compadd -- ${values.choices.map(quoted).join(" ")}`
    case "Files":
      return "_files"
    case "Directories":
      return "_files -/"
    case "Asked":
      return `_hx_ask ${values.kind}`
  }
}

const valued = (places: ReadonlyArray<Place>): ReadonlyArray<string> => [
  ...withValue(commonOptions()).map((name) => `*' '${name}`),
  ...places.flatMap((place) => withValue(place.options).map((name) => quoted(`${place.path} ${name}`)))
]

const withValue = (options: ReadonlyArray<CompletedOption>): ReadonlyArray<string> =>
  options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names)

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
