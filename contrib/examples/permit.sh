#!/bin/sh
# Work that is no single command, guarded by a breaker of the fleet: ask, work, report.
#   permit.sh NAME
set -u
name=$1

token=$(cb permit "$name" --lease 10m)
status=$?
# 75: not now; cb has said until when.
[ "$status" -eq 0 ] || exit "$status"
# Ended by a signal before it knows: no verdict. A process that is killed outright is found out by its lease.
trap 'cb report "$name" "$token" ignored; exit 1' HUP INT TERM

# The work: as many commands as it takes.
work() {
  [ -z "${PERMIT_EXAMPLE_FAILS-}" ] || return 3
  echo "working"
}

work
status=$?
# Judged by the breaker's own rules, as the end of `cb run` is.
cb report "$name" "$token" "exit:$status"
exit "$status"
