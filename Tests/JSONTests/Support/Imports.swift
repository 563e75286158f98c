// Every test of this target may use what the tests share.
@_exported public import TestSupport
