# What bash makes of a line and Tab: zsh -f type.zsh FILE SETUP, lines on standard input. Prints each line as it is
# after Tab. zsh only lends its pseudo-terminal; bash and its readline do the work.
emulate -R zsh
zmodload zsh/zpty zsh/zselect
typed=$1 setup=$2
: >| $typed
zpty -b inner "INPUTRC=/dev/null PS1=@ exec bash --norc --noprofile -i"
zpty -w inner "$setup"
zpty -w inner "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'"
zpty -w inner "bind -x '\"\\C-x\":printf \"%s\\n\" \"\$READLINE_LINE\" >>$typed; READLINE_LINE='; echo '<READY>' >>$typed"
await() {
  local n
  for n in {1..1200}; do
    zpty -r -t inner junk >/dev/null 2>&1
    [[ $(wc -l <$typed) -ge $1 ]] && return
    zselect -t 5
  done
  print -u2 "no answer to: $line"
  exit 1
}
await 1
count=1
while IFS= read -r line; do
  zpty -w -n inner "$line"$'\t\x18'
  await $((++count))
done
zpty -d inner
tail -n +2 $typed
