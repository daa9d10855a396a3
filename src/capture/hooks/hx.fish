# hx for fish 3.4 and newer: records what runs in this shell, and gives it back with Ctrl-R. Made by: hx hook fish
#
# The prompt starts one process, date, since fish has no clock; all else goes to a file with fish's own builtins, in the form of
# src/capture/SpoolFormat.ts: percent-encoded, since fish does not count bytes. Whatever fails here fails silently, and the shell goes on.

if status is-interactive; and not set -q __hx_session
    function __hx_begin --on-event fish_preexec
        set -g __hx_running
        set -q fish_private_mode; and test -n "$fish_private_mode"; and return
        test -e $__hx_data/paused; and return
        # What fish itself keeps out of its history.
        string match -q -- ' *' $argv[1]; and return
        string match -qr -- '\S' $argv[1]; or return
        set -g __hx_start (__hx_now)
        set -g __hx_counter (math $__hx_counter + 1)
        set -g __hx_running $argv[1]
        __hx_append B $__hx_counter $__hx_start "$PWD" "$hostname" "$USER" fish "$argv[1]"
    end

    function __hx_end --on-event fish_postexec
        set -l code $status
        set -l took $CMD_DURATION
        test -n "$__hx_running"; or return
        set -g __hx_running
        __hx_append E $__hx_counter $__hx_start $code {$took}000
        set -l seconds (string sub -l 10 -- $__hx_start)
        if test (math $seconds - $__hx_told) -ge 10; or test $seconds -lt $__hx_told
            __hx_tell
        end
    end

    # Microseconds since 1970. A date without %N writes whole seconds.
    function __hx_now
        set -l now (command date +%s.%6N)
        string match -qr -- '^\d+\.\d{6}$' $now; or set now (string replace -r -- '\D.*' '' $now).000000
        string replace . '' $now
    end

    # A record: its kind, and its fields after the session.
    function __hx_append
        set -l fields (string escape --style=url -- $__hx_session $argv[2..])
        set -l length (math (string length -- (string join . $fields)) + 1)
        set -l file $__hx_data/spool/$__hx_session.spool
        if not test -e $file
            set -g __hx_bytes 0
            set -l mask $umask
            set umask 077
            echo -n >>$file 2>/dev/null
            set umask $mask
        end
        set -g __hx_bytes (math $__hx_bytes + $length)
        test $__hx_bytes -lt 67108864; or return
        begin
            printf '\nhx1 %s %d\0' $argv[1] $length
            printf '%s\0' $fields
            printf 'hx.\n'
        end >>$file 2>/dev/null
    end

    # Detached and silent.
    function __hx_tell
        set -g __hx_told (string sub -l 10 -- $__hx_start)
        set -l program (command -s hx; or echo $__hx_program)
        test -x "$program"; or return
        command sh -c '"$0" ingest --background </dev/null >/dev/null 2>&1 &' $program
    end

    function __hx_exit --on-event fish_exit
        test $__hx_counter -gt 0; and __hx_tell
    end

    function __hx_search
        set -l program (command -s hx; or echo $__hx_program)
        if not test -x "$program"
            commandline -f history-pager
            return
        end
        set -l answer (HX_QUERY=(commandline -b | string collect) HX_SESSION=$__hx_session $program search --hook $argv </dev/tty | string collect)
        commandline -f repaint
        switch $answer
            case insert\n'*' run\n'*'
                commandline -r -- (string replace -r -- '^[a-z]+\n' '' $answer | string collect)
                string match -q -- run\n'*' $answer; and commandline -f execute
        end
    end

    function __hx_up
        # In the middle of several lines the key goes up a line, as ever.
        if commandline --paging-mode; or test (commandline -L) -gt 1
            commandline -f up-or-search
        else
            __hx_search --up
        end
    end

    set -g __hx_program '@PROGRAM@'
    set -g __hx_running
    set -g __hx_counter 0
    set -g __hx_told 0
    set -g __hx_bytes 0
    set -g __hx_data $HX_DATA_DIR
    if test -z "$__hx_data"
        set __hx_data $HOME/.local/share/hx
        string match -q -- '/*' "$XDG_DATA_HOME"; and set __hx_data $XDG_DATA_HOME/hx
    end
    string match -q -- '/*' $__hx_data; or set __hx_data $PWD/$__hx_data
    test -d $__hx_data/spool; or sh -c 'umask 077; mkdir -p -- "$0"' $__hx_data/spool 2>/dev/null
    set -g __hx_session (__hx_now)-$fish_pid-(random)

    if test '@CTRL_R@' = yes
        bind \cr __hx_search
        bind -M insert \cr __hx_search
    end
    if test '@UP@' = yes
        for key in \e\[A \eOA
            bind $key __hx_up
            bind -M insert $key __hx_up
        end
    end
end
