# fish completion for cb(1)

set -g __cb_commands run status open close half-open reset remove get set check list wait permit report record probe preset \
    history metrics doctor
set -g __cb_presets curl wget rsync ssh psql git restic borg rclone aws msmtp ansible-playbook

# The words before the one to complete, without the program.
function __cb_words
    set -l words (commandline -opc)
    set -e words[1]
    test (count $words) -gt 0; and printf '%s\n' $words
end

# Whether the word to complete belongs to CMD, behind '--'.
function __cb_behind_dashes
    contains -- -- (commandline -opc)
end

# Prints the command and the arguments that stand before the word to complete.
function __cb_arguments
    set -l skip 0
    for word in (__cb_words)
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case -- '--*=*' --version -V --help -h --quiet -q --force --json --verbose -v --hold -f --follow --watch --yes \
                --exit-code --explain --systemd --settings
            case '-*'
                set skip 1
            case '*'
                echo $word
        end
    end
end

# __cb_at COMMAND... [N]: one of these commands stands here, and N arguments of it (any number without N).
function __cb_at
    __cb_behind_dashes; and return 1
    set -l arguments (__cb_arguments)
    if string match -qr '^\d+$' -- $argv[-1]
        test (count $arguments) -eq (math $argv[-1] + 1); or return 1
        set -e argv[-1]
    end
    contains -- "$arguments[1]" $argv
end

function __cb_needs_command
    __cb_behind_dashes; and return 1
    test (count (__cb_arguments)) -eq 0
end

# The names of all breakers of the store that this command line means.
function __cb_names
    set -l places
    set -l words (__cb_words)
    for i in (seq (count $words))
        switch $words[$i]
            case '--store=*' '--config=*'
                set -a places $words[$i]
            case --store --config
                test $i -lt (count $words); and set -a places $words[$i] $words[(math $i + 1)]
        end
    end
    set -l program (commandline -opc)[1]
    $program list $places 2>/dev/null
end

function __cb_keys
    printf '%s\t%s\n' \
        fail-max 'failures in a row that open the circuit (5)' \
        reset-timeout 'how long it stays open before a trial (60s)' \
        success-threshold 'trial successes needed to close (1)' \
        half-open-max 'trial runs at once (1)' \
        exclude 'exit codes and signals as good as a success' \
        exclude-if 'shell predicate, exit 0 is as good as a success' \
        ignore 'exit codes and signals that give no verdict' \
        ignore-if 'shell predicate, exit 0 gives no verdict' \
        fail-if 'shell predicate of a success, exit 0 makes it a failure' \
        only 'the only exit codes and signals that are failures' \
        trip-on 'exit codes and signals that open at once' \
        hold-on 'exit codes and signals that open and hold' \
        hold-if 'shell predicate of a failure, exit 0 opens and holds' \
        hold-after 'hold at this many trips in a row' \
        retry-hint 'shell text that prints when to ask again' \
        retry-hint-max 'the longest that a hint is believed (1h)' \
        probe 'shell text that is the trial in CMD\'s place' \
        probe-timeout 'a probe that takes longer has failed (10s)' \
        preset 'exit codes of a well-known tool' \
        mode 'enforce, observe or bypass (enforce)' \
        remind 'while open, announce a rejection after each such time' \
        window 'judge by rate over the last runs or a time' \
        failure-rate 'share of failures that opens (50%)' \
        min-calls 'fewer runs never open (10)' \
        slow-after 'a run that takes longer is slow' \
        slow-rate 'share of slow runs that opens (100%)' \
        reset-backoff 'each trip in a row multiplies the reset timeout (1)' \
        reset-max 'the longest that backoff makes it (1h)' \
        jitter 'lengthens the reset timeout at random (0%)' \
        max-concurrent 'runs at once' \
        timeout 'end CMD after this long' \
        timeout-signal 'the signal of timeout (TERM)' \
        kill-after 'from that signal to SIGKILL (5s)' \
        on-event 'run a command on an event' \
        on-store-error 'when the store fails (local)' \
        fallback 'run in place of a rejected CMD' \
        wait 'wait this long for admission' \
        notice 'which rejections are reported (each)' \
        rejected-exit 'exit status of a rejected run (75)'
end

function __cb_events
    printf '%s\n' before-call success failure excluded ignored rejected state-change open half-open close \
        hold still-open manual any
end

# EVENT=, and behind it the listeners that need no shell.
function __cb_listeners
    set -l events (__cb_events)=
    set -l parts (string match -r '^([a-z-]+)=' -- (commandline -ct | string replace -r '^--on-event=' ''))
    if set -q parts[2]
        printf '%s\n' $parts[2]={syslog:,journald:,file:}
    else
        printf '%s\n' $events
    end
end

function __cb_codes
    set -l list (string match -r '^.*,' -- (commandline -ct | string replace -r '^--[a-z]+=' ''))
    printf '%s\n' "$list"{timeout,SIGHUP,SIGINT,SIGQUIT,SIGABRT,SIGKILL,SIGSEGV,SIGPIPE,SIGALRM,SIGTERM,SIGUSR1,SIGUSR2}
end

# KEY=VALUE of `cb set`.
function __cb_assignments
    set -l word (commandline -ct)
    switch $word
        case 'on-store-error=*'
            printf '%s\n' on-store-error={local,run,reject}
        case 'notice=*'
            printf '%s\n' notice={each,first,none}
        case 'mode=*'
            printf '%s\n' mode={enforce,observe,bypass}
        case 'preset=*'
            printf '%s\n' preset=$__cb_presets
        case 'on-event=*'
            set -l parts (string match -r '^on-event=([a-z-]+)=' -- $word)
            if set -q parts[2]
                printf '%s\n' on-event=$parts[2]={syslog:,journald:,file:}
            else
                printf '%s\n' on-event=(__cb_events)=
            end
        case '*=*'
        case '*'
            __cb_keys | string replace \t =\t
    end
end

function __cb_behind
    set -l words (commandline -opc) (commandline -ct)
    set -l place (contains -i -- -- $words)
    __fish_complete_subcommand --commandline $words[(math $place + 1)..]
end

complete -c cb -f
complete -c cb -n __cb_behind_dashes -xa '(__cb_behind)'

complete -c cb -n __cb_needs_command -s V -l version -d 'Show the version'
complete -c cb -n 'not __cb_behind_dashes' -s h -l help -d 'Show help'
complete -c cb -n __cb_needs_command -xa run -d 'Run a command through a breaker'
complete -c cb -n __cb_needs_command -xa status -d 'Show breakers'
complete -c cb -n __cb_needs_command -xa open -d 'Open circuits now'
complete -c cb -n __cb_needs_command -xa close -d 'Close circuits now'
complete -c cb -n __cb_needs_command -xa half-open -d 'The next run is a trial'
complete -c cb -n __cb_needs_command -xa reset -d 'Reset breakers'
complete -c cb -n __cb_needs_command -xa remove -d 'Delete breakers'
complete -c cb -n __cb_needs_command -xa get -d 'Print one value'
complete -c cb -n __cb_needs_command -xa set -d 'Store settings with breakers'
complete -c cb -n __cb_needs_command -xa check -d 'Exit 0 if a run would be admitted'
complete -c cb -n __cb_needs_command -xa wait -d 'Sleep until a run would be admitted'
complete -c cb -n __cb_needs_command -xa permit -d 'Ask for admission without running anything'
complete -c cb -n __cb_needs_command -xa report -d 'Report the result of a permit'
complete -c cb -n __cb_needs_command -xa record -d 'Count the result of a run that cb did not start'
complete -c cb -n __cb_needs_command -xa probe -d 'Run the probe of each breaker that is due'
complete -c cb -n __cb_needs_command -xa preset -d 'List the presets, or print one'
complete -c cb -n __cb_needs_command -xa list -d 'Print the names of breakers'
complete -c cb -n __cb_needs_command -xa history -d 'Show what happened'
complete -c cb -n __cb_needs_command -xa metrics -d 'Print metrics for Prometheus'
complete -c cb -n __cb_needs_command -xa doctor -d 'Check the store'
complete -c cb -n __cb_needs_command -xa help -d 'Show help'
complete -c cb -n '__cb_at help 0' -xa '$__cb_commands'

# Of every command, and before it
complete -c cb -n 'not __cb_behind_dashes' -l store -xa 'file: redis:// rediss:// redis+unix:// redis-sentinel://' \
    -d 'Where breakers live'
complete -c cb -n 'not __cb_behind_dashes' -l config -rF -d 'Configuration file'
complete -c cb -n 'not __cb_behind_dashes' -l color -xa 'auto always never' -d Colours

# run
for key in (__cb_keys)
    set -l parts (string split \t -- $key)
    switch $parts[1]
        case exclude ignore only trip-on hold-on
            complete -c cb -n '__cb_at run' -l $parts[1] -xa '(__cb_codes)' -d $parts[2]
        case exclude-if ignore-if fail-if hold-if retry-hint probe fallback
            complete -c cb -n '__cb_at run' -l $parts[1] -xa '(__fish_complete_command)' -d $parts[2]
        case on-event
            complete -c cb -n '__cb_at run' -l $parts[1] -xa '(__cb_listeners)' -d $parts[2]
        case on-store-error
            complete -c cb -n '__cb_at run' -l $parts[1] -xa 'local run reject' -d $parts[2]
        case notice
            complete -c cb -n '__cb_at run' -l $parts[1] -xa 'each first none' -d $parts[2]
        case mode
            complete -c cb -n '__cb_at run' -l $parts[1] -xa 'enforce observe bypass' -d $parts[2]
        case preset
            complete -c cb -n '__cb_at run' -l $parts[1] -xa '$__cb_presets' -d $parts[2]
        case timeout-signal
            complete -c cb -n '__cb_at run' -l $parts[1] -xa 'TERM INT HUP QUIT USR1 USR2 KILL' -d $parts[2]
        case '*'
            complete -c cb -n '__cb_at run' -l $parts[1] -x -d $parts[2]
    end
end
complete -c cb -n '__cb_at run' -l force -d 'Run whatever the state'
complete -c cb -n '__cb_at run' -l result -rF -d 'File that tells how the run went'
complete -c cb -n '__cb_at run' -s q -l quiet -d 'The same as --notice none'
complete -c cb -n '__cb_at run 1' -xa -- -d 'CMD follows'

# The others
complete -c cb -n '__cb_at status history' -l json -d 'Print JSON'
complete -c cb -n '__cb_at status' -s v -l verbose -d 'Settings and where they came from'
complete -c cb -n '__cb_at status' -l watch -d 'Keep the table up to date'
complete -c cb -n '__cb_at open close' -l for -x -d 'Hold the state this long'
complete -c cb -n '__cb_at open close' -l hold -d 'Hold the state until it is changed by hand'
complete -c cb -n '__cb_at status' -l state -xa 'closed open half-open held due' \
    -d 'Only those in these states'
complete -c cb -n '__cb_at status' -l sort -xa 'name state failures changed' -d 'Sort by'
complete -c cb -n '__cb_at status' -l exit-code -d 'Exit 0 if all are closed and none is held'
complete -c cb -n '__cb_at open close half-open reset remove' -l reason -x -d Why
complete -c cb -n '__cb_at reset remove' -l yes -d 'Do not ask back what a glob means'
complete -c cb -n '__cb_at history' -l since -x -d 'Only what happened from then on'
complete -c cb -n '__cb_at history' -l kind -xa 'failure rejected state-change lost manual set reset' -d 'Only these kinds'
complete -c cb -n '__cb_at metrics' -l settings -d 'Also settings that are numbers'
complete -c cb -n '__cb_at check' -l rejected-exit -x -d 'Exit status if a run would be rejected'
complete -c cb -n '__cb_at check' -l explain -d 'Write the line of a rejected run'
complete -c cb -n '__cb_at report record' -l retry-after -x -d 'When to ask again'
complete -c cb -n '__cb_at record' -l duration -x -d 'How long the run took'
complete -c cb -n '__cb_at record' -l systemd -d 'Read the outcome from systemd'
complete -c cb -n '__cb_at wait' -s q -l quiet -d 'Do not count down on a terminal'
complete -c cb -n '__cb_at wait' -l timeout -x -d 'Give up after this long'
complete -c cb -n '__cb_at permit' -l lease -x -d 'How long the permit lasts'
complete -c cb -n '__cb_at history' -s n -x -d 'Only the last events'
complete -c cb -n '__cb_at history' -s f -l follow -d 'Go on and print events as they happen'
complete -c cb -n '__cb_at metrics' -l output -rF -d 'File to replace'

complete -c cb -n '__cb_at run get set check wait permit report record 0' -xa '(__cb_names)' -d Breaker
complete -c cb -n '__cb_at status open close half-open reset remove probe list history' -xa '(__cb_names)' -d Breaker
complete -c cb -n '__cb_at get 1' -xa 'state fail-counter retry-after (__cb_keys)'
complete -c cb -n '__cb_at set; and not __cb_at set 0' -xa '(__cb_assignments)'
complete -c cb -n '__cb_at report 2; or __cb_at record 1' -xa 'success failure excluded ignored exit: signal:'
complete -c cb -n '__cb_at preset 0' -xa '$__cb_presets'
