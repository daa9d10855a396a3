/** The completions of hx for fish. */

import { commonOptions, type CompletedOption, type Place, type Values } from "./Completions.ts"

export const fishCompletions = (places: ReadonlyArray<Place>, version: string): string => `\
# Completions of hx ${version} for fish, made by: hx completions fish

# Where the command line is: the command so far. Options and their values are passed over.
function __hx_place
    set -l place hx
    set -l waiting
    for word in (commandline -opc)[2..-1]
        if set -q waiting[1]
            set -e waiting
            continue
        end
        switch $word
            case --
                set place $place --
                break
            case '-*'
                switch "$place $word"
                    case ${valuedOptions(places).join(" ")}
                        set waiting yes
                end
            case '*'
                switch "$place $word"
                    case ${places
                      .slice(1)
                      .map(({ path }) => quoted(path))
                      .join(" ")}
                        set place "$place $word"
                end
        end
    end
    echo $place
end

function __hx_at
    test (__hx_place) = $argv[1]
end

function __hx_ask
    command hx completion-values $argv[1] 2>/dev/null </dev/null
end

complete -c hx -e
complete -c hx -f
${[
  ...commonOptions().map((option) => optionLine(undefined, option)),
  ...places.flatMap((place) => [
    ...place.commands.map(([name, summary]) => `complete -c hx -n ${at(place)} -a ${name} -d ${quoted(summary)}`),
    ...place.options.map((option) => optionLine(place, option)),
    ...(place.words._tag === "Free" ? [] : [`complete -c hx -n ${at(place)} ${valueFlags(place.words)}`])
  ])
].join("\n")}
`

const at = (place: Place): string => quoted(`__hx_at "${place.path}"`)

const optionLine = (place: Place | undefined, option: CompletedOption): string =>
  [
    "complete -c hx",
    ...(place === undefined ? [] : [`-n ${at(place)}`]),
    ...option.names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)),
    ...(option.value === undefined ? [] : [valueFlags(option.value)]),
    `-d ${quoted(option.meaning)}`
  ].join(" ")

const valueFlags = (values: Values): string => {
  switch (values._tag) {
    case "Free":
      return "-x"
    case "Choices":
      return `-x -a ${quoted(values.choices.join(" "))}`
    case "Files":
      return "-r -F"
    case "Directories":
      return "-x -a '(__fish_complete_directories)'"
    case "Asked":
      return `-x -a '(__hx_ask ${values.kind})'`
  }
}

/** Patterns of "place option" for each option that takes the next word. */
const valuedOptions = (places: ReadonlyArray<Place>): ReadonlyArray<string> => [
  ...names(commonOptions()).map((name) => quoted(`* ${name}`)),
  ...places.flatMap((place) => names(place.options).map((name) => quoted(`${place.path} ${name}`)))
]

const names = (options: ReadonlyArray<CompletedOption>): ReadonlyArray<string> =>
  options.filter(({ value }) => value !== undefined).flatMap((option) => option.names)

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
