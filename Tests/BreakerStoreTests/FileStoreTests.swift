import Testing

/// All tests that touch files, one after the other: a wait for a lock changes the disposition of a signal, which
/// belongs to the process, and some tests set the umask.
@Suite(.serialized) enum FileStoreTests {}
