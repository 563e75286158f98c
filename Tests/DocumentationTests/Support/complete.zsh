# What zsh offers: zsh -f complete.zsh DIRECTORY-OF-_cb FILE, lines on standard input. Prints `# LINE` and then each
# candidate on a line of its own. A real interactive zsh in a pseudo-terminal does the work; its compadd also writes
# down what it is given.
emulate -R zsh
zmodload zsh/zpty zsh/zselect
place=$1 found=$2
cat >| $found.setup <<S
fpath=($place \$fpath)
autoload -U compinit && compinit -u -D
zstyle ':completion:*' menu no
LISTMAX=1000000
compadd() {
  local -a candidates
  case " \$* " in
    (*' -O '*|*' -A '*|*' -D '*) ;;
    (*) builtin compadd -O candidates "\$@"; print -rl -- \$candidates >>| $found ;;
  esac
  builtin compadd "\$@"
}
done-here() { print -r -- '<END>' >>| $found; zle kill-buffer }
zle -N done-here
bindkey '^I' list-choices '^X' done-here
print '<READY>' >>| $found
S
: >| $found
zpty -b inner "PS1=@ exec zsh -f -i"
zpty -w inner "source $found.setup"
await() {
  local n
  for n in {1..1200}; do
    zpty -r -t inner junk >/dev/null 2>&1
    [[ $(tail -n 1 $found) == $1 ]] && return
    zselect -t 5
  done
  print -u2 "no answer to: $line"
  exit 1
}
await '<READY>'
while IFS= read -r line; do
  : >| $found
  zpty -w -n inner "$line"$'\t\x18'
  await '<END>'
  print -r -- "# $line"
  grep -v '^<END>$' $found | grep . | sort -u
done
zpty -d inner
