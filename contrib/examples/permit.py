#!/usr/bin/env python3
"""A breaker of the fleet around a piece of Python: ask, work, report.

    with permit("shop-api"):
        call_the_shop()

Rejected is raised where the circuit is open. An exception out of the block is a failure, but for those in `excluded`:
the other side answered. KeyboardInterrupt and SystemExit prove nothing.
"""
import contextlib
import subprocess
import sys


class Rejected(Exception):
    """The circuit is open, or no trial is free."""


@contextlib.contextmanager
def permit(name, lease="10m", excluded=()):
    asked = subprocess.run(["cb", "permit", name, "--lease", lease], stdout=subprocess.PIPE, text=True)
    if asked.returncode == 75:
        raise Rejected(name)
    asked.check_returncode()
    token = asked.stdout.strip()
    outcome = "ignored"
    try:
        yield
        outcome = "success"
    except excluded:
        outcome = "excluded"
        raise
    except Exception:
        outcome = "failure"
        raise
    finally:
        # A store that went away meanwhile is said on standard error; the work is done all the same.
        subprocess.run(["cb", "report", name, token, outcome])


def main(name, *words):
    try:
        with permit(name, excluded=(LookupError,)):
            if words == ("fail",):
                raise OSError("the other side is away")
            if words == ("missing",):
                raise LookupError("the other side says: not here")
            print("working")
    except Rejected:
        return 75
    except (OSError, LookupError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
