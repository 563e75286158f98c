/// Starts programs for tests without changing anything that was not asked for (Foundation's Process changes a lot).
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H
#include <sys/types.h>

struct cts_program {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *directory;     ///< NULL: the tester's
  int standard[3];           ///< what becomes 0, 1, 2; -1: closed
  int terminal;              ///< 1: a new session, with standard[0] as its controlling terminal
};

/// Forks and executes with an empty signal mask, default dispositions and no descriptors but 0 to 2. The pid, or -1.
/// A path that cannot be executed exits with 99.
pid_t cts_start(const struct cts_program *program);

/// A descriptor that poll calls readable when the process has ended.
int cts_pidfd(pid_t pid);

/// A pipe, closed on exec.
int cts_pipe(int ends[2]);

/// A pseudo-terminal: its two ends, closed on exec. 0, or -1.
int cts_terminal(int *controller, int *terminal);

/// How a process ended (reaped): the exit code, or 256 + the signal. Waits.
int cts_wait(pid_t pid);

/// write(2), of which no SIGPIPE comes, however signals are handled here.
ssize_t cts_write(int descriptor, const void *bytes, size_t count);

/// Removes a directory with all in it.
void cts_remove_tree(const char *path);

#endif
