"""What people write today: pybreaker around one call of subprocess.

Without pybreaker (it could not be installed) it imports what pybreaker imports and goes through a breaker of the same
shape, which is a little quicker; the table says so.
"""
import subprocess
import sys

try:
    import pybreaker

    breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=60)
except ImportError:
    import calendar, contextlib, datetime, functools, logging, threading, time, types, typing, warnings  # noqa

    class CircuitBreaker:
        def __init__(self, fail_max, reset_timeout):
            self.lock, self.failures, self.fail_max = threading.RLock(), 0, fail_max

        def call(self, function, *arguments, **options):
            with self.lock:
                result = function(*arguments, **options)
                self.failures = 0
                return result

    breaker = CircuitBreaker(5, 60)

sys.exit(breaker.call(subprocess.run, ["true"]).returncode)
