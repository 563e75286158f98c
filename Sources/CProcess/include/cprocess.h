/// The C half of "cb run as a process": what must not be Swift because it runs between fork and exec, and
/// thin shims over what does not import into Swift (macros, unions). Nothing here keeps any state but argv, from the start.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// main's argv as the kernel gave it, ended by NULL.
char **cprocess_arguments(void);

/// What CMD is started with. Nothing else changes between cb and CMD.
struct cprocess_command {
  char *const *argv;      ///< argv[0] is looked up in PATH as execvp does
  char *const *envp;
  const sigset_t *mask;   ///< the signal mask that cb was started with
  int ignores_children;   ///< SIGCHLD was ignored when cb was started
  int is_subreaper;       ///< cb was started as a subreaper (kept over exec, lost over fork)
  int standard[3];        ///< for descriptors 0, 1, 2: one to put there, or -1: leave as it is
  int *failure;           ///< shared with the child: errno of an exec that failed; 0 otherwise
};

/// Forks and executes. Returns CMD's pid, or -1 with errno. Call with every signal blocked, on the main thread.
/// *handed_over: bit N says that CMD begins with the standard signal N pending, as cb was started.
pid_t cprocess_start(const struct cprocess_command *command, uint32_t *handed_over);

/// An int that a forked child shares with its parent and an exec leaves behind, or NULL with errno.
int *cprocess_shared_int(void);

/// A signal as sigtimedwait and signalfd report it.
struct cprocess_signal {
  int number;
  int code;        ///< si_code: who sent it
  pid_t sender;    ///< 0 if the kernel sent it, or a process outside of this pid namespace
  intptr_t value;  ///< meaningful with SI_QUEUE
};

/// Waits for a signal of the set: 1, or 0 when `milliseconds` (negative: no limit) went by or the wait was interrupted.
int cprocess_wait_signal(const sigset_t *set, int64_t milliseconds, struct cprocess_signal *signal);

/// One signal from a non-blocking signalfd: 1, or 0 when there is none.
int cprocess_read_signalfd(int descriptor, struct cprocess_signal *signal);

/// Sends `signal` on to `pid`, with its value where it was queued with one.
int cprocess_forward_signal(pid_t pid, const struct cprocess_signal *signal);

enum cprocess_news { CPROCESS_NONE, CPROCESS_EXITED, CPROCESS_SIGNALED, CPROCESS_STOPPED, CPROCESS_CONTINUED, CPROCESS_LOST };

/// waitpid(pid, WNOHANG | WUNTRACED | WCONTINUED) taken apart: `number` is the exit code, the signal, or errno.
enum cprocess_news cprocess_look(pid_t pid, int *number);

/// A child of ours that has ended and is not reaped yet, or 0; it stays to be reaped. *none: there are no children.
pid_t cprocess_ended_child(int *none);

/// 1 where a signal is ignored, 2 where it has a handler, 0 if it is at its default.
int cprocess_disposition(int signal);
void cprocess_set_default(int signal);

/// Dies of `signal` without a core; returns if the kernel did not let us (pid 1, or a signal that kills nobody).
void cprocess_die_of(int signal);

/// No core of this process.
void cprocess_forbid_core(void);

/// This process gets `signal` when `parent`, which forked it, dies.
void cprocess_die_with(pid_t parent, int signal);

/// The interpreter (of a script) or loader (of a program) that the program `name` asks for, if the program is found, as
/// execvp finds it, and that is not: its bytes into `text`, and how many; 0 otherwise.
size_t cprocess_missing_interpreter(const char *name, uint8_t *text, size_t room);

/// Starts a process that continues this one (SIGCONT) when `command` is not stopped any more (`sees`: /proc tells so) or
/// the milliseconds (negative: no limit) went by, until `cprocess_end_waker`. It holds what descriptors this one holds, and ends
/// with it. Its pid; 0 if it has nothing to wait for, or -1.
pid_t cprocess_start_waker(pid_t command, int sees, int64_t milliseconds);
void cprocess_end_waker(pid_t waker);

/// Stops as `signal` stops; returns when continued, or at once in an orphaned process group.
void cprocess_stop_by(int signal);

/// Leaves a process behind that copies `from` to descriptor 2 until its end, and holds nothing else. 0, or -1.
int cprocess_leave_pump(int from);

int cprocess_get_subreaper(void);
void cprocess_set_subreaper(int on);

/// Fills the lowest free descriptor with one that cannot be read or written (O_PATH), closed on exec.
void cprocess_hold_place(void);

/// Whether a descriptor is closed, or only held by `cprocess_hold_place`.
int cprocess_is_closed(int descriptor);

/// A pipe, and a non-blocking signalfd, closed on exec; -1 with errno.
int cprocess_pipe(int ends[2]);
int cprocess_signalfd(const sigset_t *set);

/// An anonymous file, closed on exec, or -1 with errno.
int cprocess_memory_file(const char *name);

/// environ, which Swift 6 does not let us name.
char **cprocess_environment(void);

/// The bytes that can be read from a pipe now.
int cprocess_readable(int descriptor);

/// Whether the program has more rights than its caller: setuid, setgid, file capabilities (AT_SECURE, getauxval(3)).
int cprocess_is_elevated(void);

#endif
