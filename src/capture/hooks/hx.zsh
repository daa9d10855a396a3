# hx for zsh 5.3 and newer: records what runs in this shell, and gives it back with Ctrl-R. Made by: hx hook zsh
#
# The prompt starts no process: records go to a file with zsh's own builtins, in the form of src/capture/SpoolFormat.ts. Whatever fails here fails
# silently, and the shell goes on.

if [[ -o interactive && -z ${__hx_session-} ]] && zmodload zsh/datetime zsh/system zsh/parameter 2>/dev/null; then

  # Microseconds since 1970, in REPLY.
  __hx_now() {
    local now=$EPOCHREALTIME
    local fraction=${now#*.}000000
    REPLY=${now%.*}${fraction[1,6]}
  }

  __hx_begin() {
    emulate -L zsh
    setopt no_multibyte
    local REPLY command=${1:-$3}
    __hx_running=
    [[ -n $command && ! -e $__hx_data/paused ]] || return 0
    __hx_is_private "$command" && return 0
    __hx_now
    __hx_start=$REPLY
    (( ++__hx_counter ))
    __hx_running=$command
    __hx_append b $__hx_counter $__hx_start "$PWD" "$HOST" "$USERNAME" zsh "${command%$'\n'}"
  } 2>/dev/null

  __hx_end() {
    local code=$?
    emulate -L zsh
    setopt no_multibyte
    [[ -n $__hx_running ]] || return 0
    __hx_running=
    local REPLY
    __hx_now
    __hx_append e $__hx_counter $__hx_start $code $(( REPLY - __hx_start ))
    (( EPOCHSECONDS - __hx_told < 10 && EPOCHSECONDS >= __hx_told )) || __hx_tell
  } 2>/dev/null

  # What the shell itself keeps out of its history. Options are those of emulate here, so the user's are asked before.
  __hx_is_private() {
    [[ $__hx_ignores_space == on ]] && [[ $1 == ' '* || ${aliases[${1%%[[:space:]]*}]-} == ' '* ]] && return 0
    [[ -n ${HISTORY_IGNORE-} && $1 == ${~HISTORY_IGNORE} ]]
  }

  # A record: its kind, and its fields after the session.
  __hx_append() {
    local kind=$1 body=$__hx_session$'\0'${(pj:\0:)@[2,-1]}$'\0' fd
    local file=$__hx_data/spool/$__hx_session.spool
    [[ -e $file ]] || __hx_bytes=0
    (( (__hx_bytes += $#body) < 67108864 )) || return 0
    sysopen -w -a -o creat,nofollow -m 600 -u fd $file || return 0
    syswrite -o $fd $'\n'"hx1 $kind $#body"$'\0'$body$'hx.\n'
    exec {fd}>&-
  }

  # Detached and silent. In a subshell, so that neither $! nor the list of jobs changes.
  __hx_tell() {
    __hx_told=$EPOCHSECONDS
    local program=${commands[hx]:-$__hx_program}
    [[ -x $program ]] && ( $program ingest --background </dev/null >/dev/null 2>&1 & )
  }

  # The user's options are seen only outside of emulate.
  __hx_preexec() {
    __hx_ignores_space=$options[histignorespace]
    __hx_begin "$@"
  }

  __hx_exit() {
    # Of a shell that is killed while a command runs nobody knows how that ended.
    case $__hx_running in
      (exit|exit[[:space:]]*|logout|logout[[:space:]]*|bye|bye[[:space:]]*) __hx_end ;;
    esac
    (( __hx_counter )) && __hx_tell
  }

  __hx_search() {
    emulate -L zsh
    local program=${commands[hx]:-$__hx_program} answer
    if [[ ! -x $program ]]; then
      zle .history-incremental-search-backward
      return
    fi
    answer=$(HX_QUERY=$BUFFER HX_SESSION=$__hx_session $program search --hook "$@" </dev/tty; print -rn .)
    answer=${answer%.}
    zle reset-prompt
    case $answer in
      (insert$'\n'*|run$'\n'*)
        BUFFER=${answer#*$'\n'}
        CURSOR=$#BUFFER
        [[ $answer == run$'\n'* ]] && zle accept-line
        ;;
    esac
    return 0
  }
  __hx_up() {
    # In the middle of several lines the key goes up a line, as ever.
    if [[ $LBUFFER == *$'\n'* ]]; then
      zle .up-line-or-history
    else
      __hx_search --up
    fi
  }

  typeset -g __hx_program='@PROGRAM@' __hx_running= __hx_start=0 __hx_ignores_space=off
  typeset -gi __hx_counter=0 __hx_told=0 __hx_bytes=0
  typeset -g __hx_data=${HX_DATA_DIR:-${${(M)XDG_DATA_HOME:#/*}:-$HOME/.local/share}/hx}
  [[ $__hx_data == /* ]] || __hx_data=$PWD/$__hx_data
  [[ -d $__hx_data/spool ]] || ( umask 077; command mkdir -p -- $__hx_data/spool ) 2>/dev/null
  () {
    local REPLY
    __hx_now
    typeset -g __hx_session=$REPLY-$$-$RANDOM
  }

  typeset -ga preexec_functions precmd_functions zshexit_functions
  preexec_functions+=(__hx_preexec)
  # First, so that what other hooks take is not counted.
  precmd_functions=(__hx_end $precmd_functions)
  zshexit_functions+=(__hx_exit)

  if [[ '@CTRL_R@' == yes ]]; then
    zle -N __hx_search
    bindkey -M emacs '^R' __hx_search
    bindkey -M viins '^R' __hx_search
    bindkey -M vicmd '^R' __hx_search
  fi
  if [[ '@UP@' == yes ]]; then
    zle -N __hx_up
    () {
      local map key
      for map in emacs viins; do
        for key in '^[[A' '^[OA'; do bindkey -M $map $key __hx_up; done
      done
    }
  fi
fi
