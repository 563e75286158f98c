# bash completion for cb(1); uses bash-completion where it is there, for CMD behind '--'.
# shellcheck shell=bash

_cb_commands='run status open close half-open reset remove get set check list wait permit report record probe preset history
metrics doctor help'

_cb_keys='fail-max reset-timeout success-threshold half-open-max exclude exclude-if ignore ignore-if fail-if only trip-on
hold-on hold-if hold-after retry-hint retry-hint-max probe probe-timeout preset mode remind window failure-rate
min-calls slow-after slow-rate reset-backoff reset-max jitter max-concurrent timeout timeout-signal kill-after
on-event on-store-error fallback wait notice rejected-exit'

_cb_events='before-call success failure excluded ignored rejected state-change open half-open close hold still-open manual any'

_cb_presets='curl wget rsync ssh psql git restic borg rclone aws msmtp ansible-playbook'

# The options of a command.
_cb_options() {
    local common='--store --config --color --help -h'
    case $1 in
        '') echo "--version -V $common" ;;
        run)
            echo "--${_cb_keys//[[:space:]]/ --}"
            echo "--force --result --quiet -q $common"
            ;;
        status) echo "--json --verbose -v --watch --state --sort --exit-code $common" ;;
        open | close) echo "--for --hold --reason $common" ;;
        half-open) echo "--reason $common" ;;
        reset | remove) echo "--yes --reason $common" ;;
        check) echo "--rejected-exit --explain $common" ;;
        wait) echo "--timeout --quiet -q $common" ;;
        permit) echo "--lease $common" ;;
        report) echo "--retry-after $common" ;;
        record) echo "--duration --systemd --retry-after $common" ;;
        history) echo "--json -n --since --kind --follow -f $common" ;;
        metrics) echo "--output --settings $common" ;;
        help) ;;
        *) echo "$common" ;;
    esac
}

# Whether an option takes a value as the next word.
_cb_takes_value() {
    case $1 in
        *=* | --version | -V | --help | -h | --quiet | -q | --force | --json | --verbose | -v | --hold | --follow | -f | \
            --watch | --yes | --exit-code | --explain | --systemd | --settings) return 1 ;;
        -*) return 0 ;;
        *) return 1 ;;
    esac
}

# Candidates as words: _cb_words "a b c" CUR
_cb_words() {
    local word
    for word in $1; do
        [[ $word == "$2"* ]] && COMPREPLY+=("$word")
    done
}

# The names of all breakers of the store that this command line means, quoted as the word to complete is.
_cb_names() {
    local open='' plain=$cur name i places=()
    case $plain in
        [\"\']*) open=${plain:0:1} plain=${plain:1} ;;
        *) plain=${plain//\\/} ;;
    esac
    for ((i = 1; i < ${#words[@]}; i++)); do
        case ${words[i]} in
            --) break ;;
            --store | --config) ((i + 1 < cword)) && places+=("${words[i]}" "${words[i + 1]}") ;;
            --store=* | --config=*) places+=("${words[i]}") ;;
        esac
    done
    while IFS= read -r name; do
        [[ $name == "$plain"* ]] || continue
        if [[ $open ]]; then COMPREPLY+=("$open$name"); else COMPREPLY+=("$(printf %q "$name")"); fi
    done < <("${words[0]}" list "${places[@]}" 2>/dev/null)
}

# Words of a list that commas separate: _cb_list "a b c" CUR
_cb_list() {
    local word list=''
    [[ $2 == *,* ]] && list=${2%,*},
    for word in $1; do
        [[ $list$word == "$2"* ]] && COMPREPLY+=("$list$word")
    done
}

_cb_nospace() {
    compopt -o nospace 2>/dev/null
}

# The value of an option or a key: _cb_value KEY CUR PREFIX
_cb_value() {
    local value=$2 found
    COMPREPLY=()
    case $1 in
        color) _cb_words 'auto always never' "$value" ;;
        state) _cb_list 'closed open half-open held due' "$value" ;;
        kind) _cb_list 'failure rejected state-change lost manual set reset' "$value" ;;
        sort) _cb_words 'name state failures changed' "$value" ;;
        notice) _cb_words 'each first none' "$value" ;;
        on-store-error) _cb_words 'local run reject' "$value" ;;
        mode) _cb_words 'enforce observe bypass' "$value" ;;
        preset) _cb_words "$_cb_presets" "$value" ;;
        timeout-signal) while IFS= read -r found; do COMPREPLY+=("${found#SIG}"); done < <(compgen -A signal -- "SIG$value") ;;
        on-event)
            if [[ $value == *=* ]]; then
                _cb_words "${value%%=*}=syslog: ${value%%=*}=journald: ${value%%=*}=file:" "$value"
            else
                _cb_words "${_cb_events//[[:space:]]/= }=" "$value"
            fi
            _cb_nospace
            ;;
        exclude | ignore | only | trip-on | hold-on) _cb_list "timeout $(compgen -A signal SIG)" "$value" ;;
        store)
            if [[ $value == file:* ]]; then
                while IFS= read -r found; do COMPREPLY+=("file:$found"); done < <(compgen -d -- "${value#file:}")
            else
                _cb_words 'file: redis:// rediss:// redis+unix:// redis-sentinel://' "$value"
            fi
            _cb_nospace
            ;;
        config | output | result)
            compopt -o filenames 2>/dev/null
            while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -- "$value")
            ;;
        exclude-if | ignore-if | fail-if | hold-if | retry-hint | probe | fallback)
            while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -c -- "$value")
            ;;
    esac
    COMPREPLY=("${COMPREPLY[@]/#/$3}")
}

# Readline keeps what stands before the last '=' or ':' of a word; so it is cut from the candidates.
_cb_trim() {
    local breaks=${COMP_WORDBREAKS//[^=:]/} kept
    [[ $breaks && $cur == *["$breaks"]* ]] || return
    kept=${cur%"${cur##*["$breaks"]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_cb() {
    local cur words=() cword=0 i command='' position=0 previous='' glue=''
    COMPREPLY=()
    # CMD has its own completion.
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] || continue
        if declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        elif ((COMP_CWORD == i + 1)); then
            while IFS= read -r cur; do COMPREPLY+=("$cur"); done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
        else
            compopt -o default 2>/dev/null
        fi
        return
    done
    # The words as the shell has them: readline splits at '=' and ':', too.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == [=:]* && $i -gt 0 || $glue ]]; then
            words[cword]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
            cword=$((${#words[@]} - 1))
        fi
        [[ ${COMP_WORDS[i]} == *[=:] && ${COMP_WORDS[i]} == [=:]* ]] && glue=1 || glue=''
    done
    cur=${words[cword]}
    # Which command, and how many arguments of it stand before the word to complete.
    for ((i = 1; i < cword; i++)); do
        if _cb_takes_value "${words[i]}"; then
            ((++i))
            ((i == cword)) && previous=${words[i - 1]}
        elif [[ ${words[i]} != -* ]]; then
            if [[ $command ]]; then ((++position)); else command=${words[i]}; fi
        fi
    done

    if [[ $previous ]]; then
        _cb_value "${previous#--}" "$cur" ''
    elif [[ $cur == --*=* ]]; then
        previous=${cur%%=*}
        _cb_value "${previous#--}" "${cur#*=}" "$previous="
    elif [[ $cur == -* ]]; then
        _cb_words "$(_cb_options "$command")" "$cur"
        [[ $command == run && -- == "$cur"* ]] && COMPREPLY+=(--)
    else
        case $command/$position in
            /0 | help/0) _cb_words "$_cb_commands" "$cur" ;;
            get/1) _cb_words "state fail-counter retry-after $_cb_keys" "$cur" ;;
            set/0) _cb_names ;;
            set/*)
                # More names may come before the first KEY=VALUE.
                if [[ $cur == *=* ]]; then
                    _cb_value "${cur%%=*}" "${cur#*=}" "${cur%%=*}="
                else
                    _cb_words "${_cb_keys//[[:space:]]/= }=" "$cur"
                    _cb_nospace
                fi
                ;;
            preset/0) _cb_words "$_cb_presets" "$cur" ;;
            report/2 | record/1)
                _cb_words 'success failure excluded ignored exit: signal:' "$cur"
                [[ ${COMPREPLY[*]} == *: ]] && _cb_nospace
                ;;
            run/0 | get/0 | check/0 | wait/0 | permit/0 | report/0 | record/0) _cb_names ;;
            run/*) _cb_words -- "$cur" ;;
            status/* | open/* | close/* | half-open/* | reset/* | remove/* | probe/* | history/* | list/*) _cb_names ;;
        esac
    fi
    _cb_trim
} && complete -F _cb cb
