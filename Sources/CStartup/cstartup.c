// Work that the static Swift runtime does before main, in every process, and that cb has no use for: 15 % of the instructions
// and 2.6 % of the time of a whole `cb run` (Benchmarks/STARTUP.md). A symbol that is defined here keeps the member of the
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

#endif
