# hx for bash 4.4 and newer: records what runs in this shell, and gives it back with Ctrl-R. Made by: hx hook bash
#
# The prompt starts no process: records go to a file with bash's own builtins, in the form of src/capture/SpoolFormat.ts. Whatever fails here fails
# silently, and the shell goes on.
#
# How a command is caught: bash expands PS0 when it has read one, which notes the time and does nothing at an empty line or in a key binding. The DEBUG
# trap that fires next writes the beginning; the text is that of the history, through a file, since $(history 1) would be a process. What fires no
# trap, a ( subshell ), is written when it has ended; and where somebody has replaced the trap, it is chained anew then.

if [[ $- == *i* && -z ${__hx_session-} && ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -ge 44 ]]; then

  # Called by the DEBUG trap with $_ as its last argument, which makes $_ what it was. Nothing that fails in here may end a shell that is set -e.
  __hx_begin() {
    __hx_try_begin || :
  } 2>/dev/null

  __hx_try_begin() {
    local IFS=' ' LC_ALL=C
    __hx_at=$__hx_start
    __hx_start=0
    __hx_running=
    if [[ ! -o history || -e $__hx_data/paused ]]; then return; fi
    __hx_typed
    [[ -n $__hx_line ]] || return
    # Bash before 5.0 knows whole seconds only.
    if (( __hx_at < 1000000 )); then
      printf -v __hx_at '%(%s)T' -1
      __hx_at=${__hx_at}000000
    fi
    (( ++__hx_counter ))
    __hx_running=$__hx_line
    __hx_append b "$__hx_counter" "$__hx_at" "$PWD" "$HOSTNAME" "$__hx_user" bash "$__hx_line"
    # A process that replaces this shell leaves nobody to tell.
    if [[ $__hx_line == exec\ * ]]; then __hx_tell; fi
  }

  # The line that was typed, in __hx_line; empty where bash kept it out of its history.
  __hx_typed() {
    local head number text
    local HISTTIMEFORMAT=
    __hx_through history 1
    text=$__hx_text
    __hx_text=
    head=${text:0:24}
    head=${head#"${head%%[! ]*}"}
    number=${head%%[!0-9]*}
    head=${text:0:24}
    head=${head%%[0-9]*}
    __hx_line=${text:${#head} + ${#number} + 2}
    # What ends with a here-document has one more.
    while [[ $__hx_line == *$'\n' ]]; do __hx_line=${__hx_line%$'\n'}; done
    if [[ $number == "$__hx_number" && $__hx_line == "$__hx_known" ]] && ! __hx_is_again; then
      __hx_line=
      return
    fi
    __hx_number=$number
    __hx_known=$__hx_line
    __hx_first=$BASH_COMMAND
  }

  # The history has nothing new: either the same line was run again and counted once, or it was kept out. What ran first tells them apart.
  __hx_is_again() {
    [[ ${HISTCONTROL-} == *ignoreboth* || ${HISTCONTROL-} == *ignorespace* || -n ${HISTIGNORE-} ]] || return 0
    [[ ${HISTCONTROL-} == *ignoreboth* || ${HISTCONTROL-} == *dups* ]] || return 1
    [[ $BASH_COMMAND == "$__hx_first" ]]
  }

  __hx_prompt() {
    local code=$? mend=$__hx_unset
    if (( __hx_start )); then
      __hx_begin
      mend=1
    fi
    if [[ -n $__hx_running ]]; then __hx_end "$code"; fi
    if [[ ${PS0-} != *__hx_start* ]]; then PS0=${PS0-}$__hx_ps0; fi
    __hx_status=$code
    return "$mend"
  }

  __hx_end() {
    local IFS=' ' LC_ALL=C now=${EPOCHREALTIME-} seconds
    __hx_running=
    now=${now/[!0-9]/}
    printf -v seconds '%(%s)T' -1
    __hx_append e "$__hx_counter" "$__hx_at" "$1" "$((${now:-${seconds}000000} - __hx_at))"
    if (( seconds - __hx_told >= 10 || seconds < __hx_told )); then __hx_tell; fi
  } 2>/dev/null

  # A record: its kind, and its fields after the session. Called where LC_ALL is C, so that lengths are in bytes.
  __hx_append() {
    local kind=$1 field
    local -i length=${#__hx_session}+1
    shift
    for field; do length+=${#field}+1; done
    if [[ ! -e $__hx_file ]]; then
      __hx_bytes=0
      __hx_create
    fi
    (( (__hx_bytes += length) < 67108864 )) || return 0
    {
      printf '\nhx1 %s %d\0%s\0' "$kind" "$length" "$__hx_session"
      printf '%s\0' "$@"
      printf 'hx.\n'
    } >>"$__hx_file"
  }

  # For its user alone, whatever the umask; that one is asked through a file, too.
  __hx_create() {
    local mask
    __hx_through umask
    mask=${__hx_text%$'\n'}
    umask 077
    : >>"$__hx_file"
    umask "${mask:-022}"
  }

  # What a builtin prints, in __hx_text: through a file, since $(…) is a process. The file is written over and never made shorter, which would make
  # some file systems write it to the disk at once; and nothing stays in it.
  __hx_through() {
    {
      "$@"
      printf '\0'
    } 1<>"$__hx_file.line"
    IFS= read -r -d '' __hx_text <"$__hx_file.line"
    printf '\0%*s' "${#__hx_text}" '' 1<>"$__hx_file.line"
  }

  # Detached and silent. In a subshell, so that neither $! nor the list of jobs changes.
  __hx_tell() {
    printf -v __hx_told '%(%s)T' -1
    if type -P hx >/dev/null; then
      ( hx ingest --background </dev/null >/dev/null 2>&1 & )
    elif [[ -x $__hx_program ]]; then
      ( "$__hx_program" ingest --background </dev/null >/dev/null 2>&1 & )
    fi
  } 2>/dev/null

  __hx_chained() {
    if (( __hx_start )); then __hx_begin; fi
    return "$1"
  }

  # Sets the traps, and takes along what stands there: at the first prompt, and when a command came by without any trap. Traced, since a function sees
  # no DEBUG trap else.
  __hx_mend() {
    local -a words
    __hx_through trap -p DEBUG
    eval "words=($__hx_text)"
    case ${words[2]-} in
      *__hx_begin* | *__hx_chained*) ;;
      '') trap -- 'if ((__hx_start)); then __hx_begin "$_"; fi' DEBUG ;;
      *) trap -- "__hx_chained \"\$?\" \"\$_\"
${words[2]}" DEBUG ;;
    esac
    if (( __hx_unset )); then
      __hx_unset=0
      __hx_through trap -p EXIT
      eval "words=($__hx_text)"
      trap -- "__hx_exit${words[2]:+
${words[2]}}" EXIT
    fi
    __hx_text=
  } 2>/dev/null
  declare -ft __hx_mend __hx_through

  __hx_exit() {
    local code=$?
    __hx_try_exit "$code" || :
    return "$code"
  } 2>/dev/null

  __hx_try_exit() {
    # Of a shell that is killed while a command runs nobody knows how that ended.
    case $__hx_running in
      exit | exit[[:space:]]* | logout | logout[[:space:]]*) __hx_end "$1" ;;
    esac
    if (( __hx_counter )); then __hx_tell; fi
  }

  __hx_return() {
    return "$1"
  }

  __hx_search() {
    local answer program=$__hx_program
    if type -P hx >/dev/null; then program=hx; fi
    answer=$(HX_QUERY=$READLINE_LINE HX_SESSION=$__hx_session "$program" search --hook "$@" </dev/tty && printf .)
    answer=${answer%.}
    bind '"\C-x\C-_hx2": ""'
    case $answer in
      insert$'\n'* | run$'\n'*)
        READLINE_LINE=${answer#*$'\n'}
        READLINE_POINT=0x7FFFFFFF
        if [[ $answer == run$'\n'* ]]; then bind '"\C-x\C-_hx2": accept-line'; fi
        ;;
    esac
  }

  __hx_program='@PROGRAM@'
  __hx_running= __hx_line= __hx_known= __hx_number= __hx_first= __hx_at=0 __hx_start=0 __hx_counter=0 __hx_told=0 __hx_bytes=0 __hx_status=0 __hx_text= __hx_unset=1
  __hx_none=('')
  __hx_ps0='${__hx_none[__hx_start=${EPOCHREALTIME/[!0-9]/},0]}'
  # Without EPOCHREALTIME any number but 0 will do.
  if [[ -z ${EPOCHREALTIME-} ]]; then __hx_ps0='${__hx_none[__hx_start=1,0]}'; fi
  __hx_user='\u'
  __hx_user=${__hx_user@P}
  __hx_data=${HX_DATA_DIR-}
  if [[ -z $__hx_data ]]; then
    if [[ ${XDG_DATA_HOME-} == /* ]]; then __hx_data=$XDG_DATA_HOME/hx; else __hx_data=$HOME/.local/share/hx; fi
  fi
  [[ $__hx_data == /* ]] || __hx_data=$PWD/$__hx_data
  printf -v __hx_session '%(%s)T' -1
  __hx_session=${EPOCHREALTIME-${__hx_session}000000}
  __hx_session=${__hx_session/[!0-9]/}-$$-$RANDOM
  __hx_file=$__hx_data/spool/$__hx_session.spool

  (
    umask 077
    [[ -d $__hx_data/spool ]] || command mkdir -p -- "$__hx_data/spool"
    : >"$__hx_file.line"
  ) 2>/dev/null

  PS0=${PS0-}$__hx_ps0
  if (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501 )); then
    PROMPT_COMMAND+=('__hx_prompt || __hx_mend')
  else
    # One string only: first in it, and with the exit code of the command passed on to what follows.
    PROMPT_COMMAND='__hx_prompt || __hx_mend; __hx_return "$__hx_status"'${PROMPT_COMMAND:+; $PROMPT_COMMAND}
  fi
  if [[ '@CTRL_R@' == yes ]]; then
    for __hx_line in emacs-standard vi-insert vi-command; do
      bind -m "$__hx_line" -x '"\C-x\C-_hx1": __hx_search'
      bind -m "$__hx_line" '"\C-r": "\C-x\C-_hx1\C-x\C-_hx2"'
      bind -m "$__hx_line" '"\C-x\C-_hx2": ""'
    done
  fi
  if [[ '@UP@' == yes ]]; then
    for __hx_line in emacs-standard vi-insert; do
      bind -m "$__hx_line" -x '"\C-x\C-_hx3": __hx_search --up'
      bind -m "$__hx_line" '"\e[A": "\C-x\C-_hx3\C-x\C-_hx2"'
      bind -m "$__hx_line" '"\eOA": "\C-x\C-_hx3\C-x\C-_hx2"'
    done
  fi
  __hx_line=
fi
