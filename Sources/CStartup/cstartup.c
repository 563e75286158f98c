// Work that the static Swift runtime does before main, in every process, and that cb has no use for: a sixth of the instructions
// and 4 % of the time of a whole `cb run` (Benchmarks/STARTUP.md). A symbol that is defined here keeps the member of the
// archive that defines it from being linked, constructor and all. The Makefile's static build sets the macro; any other
// build uses the runtime as it is. If a later Swift changes these symbols, the link fails or they go unused;
// Benchmarks/instructions shows which.
#ifdef CB_STATIC_RUNTIME

static char **arguments;
static int argument_count;

// glibc hands main's arguments to constructors too.
__attribute__((constructor)) static void start(int count, char **values, char **environment) {
  (void)environment;
  arguments = values;
  argument_count = count;
}

// CommandLine.cpp looks for argv in /proc/self/maps, by sscanf.
char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
  *count = argument_count;
  return arguments;
}

void _swift_stdlib_overrideUnsafeArgvArgc(char **values, int count) {
  arguments = values;
  argument_count = count;
}

// Backtrace.cpp looks for swift-backtrace in eight places and reads its settings, to print a stack where cb crashes. Where
// there is no /proc (a chroot) it finds no place to begin and aborts the program before main: contrib/check-release shows it.
// The settings as zeros say: off. Their size is generous, since only the runtime knows it.
long _swift_backtraceSettings[64];

_Bool _swift_backtrace_isThunkFunction(const char *name) {
  (void)name;
  return 0;
}

#endif
