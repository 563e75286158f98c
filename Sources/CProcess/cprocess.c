#define _GNU_SOURCE
#include "cprocess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#define CPROCESS_CLOSE_RANGE
#endif

// The Swift runtime looks for argv in /proc/self/cmdline: without /proc, or a free descriptor, it finds none. glibc hands
// main's arguments to constructors too.
static char **start_arguments;

__attribute__((constructor)) static void keep_arguments(int count, char **arguments) {
  (void)count;
  start_arguments = arguments;
}

char **cprocess_arguments(void) { return start_arguments; }

// The child's half of cprocess_start. All signals are blocked until the mask is restored, the last act before exec,
// so no handler of the Swift runtime can run here; exec itself turns handlers into defaults.
static _Noreturn void become(const struct cprocess_command *command, pid_t parent, uint32_t inherited) {
  // The kernel forgets it where CMD changes its user (su, sudo, setpriv): such a CMD outlives a cb that is killed with
  // SIGKILL. A process that stood by only to see to it would cost every run a fork, and the place is free by then.
  cprocess_die_with(parent, SIGTERM);

  for (int place = 0; place < 3; place++)
    if (command->standard[place] >= 0) dup2(command->standard[place], place);
  if (command->is_subreaper) cprocess_set_subreaper(1);
  if (command->ignores_children) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGCHLD, &action, NULL);
  }
  // fork has left them behind. They are blocked before and after.
  for (int signal = 1; signal < 32 && inherited >> signal; signal++)
    if (inherited >> signal & 1) kill(getpid(), signal);
  sigprocmask(SIG_SETMASK, command->mask, NULL);
  // execvpe, not posix_spawn: it searches PATH and hands a script without #! to /bin/sh, as a shell does.
  execvpe(command->argv[0], command->argv, command->envp);
  *command->failure = errno;
  _exit(errno == ENOENT ? 127 : 126);
}

// The standard signals that wait for CMD: pending, and blocked when cb was started. One that is queued with a value
// (those of real time) comes from the parent instead, which knows the value.
static uint32_t waiting_signals(const sigset_t *mask) {
  sigset_t pending;
  uint32_t found = 0;
  if (sigpending(&pending) < 0) return 0;
  for (int signal = 1; signal < 32; signal++)
    if (sigismember(&pending, signal) && sigismember(mask, signal)) found |= UINT32_C(1) << signal;
  return found;
}

pid_t cprocess_start(const struct cprocess_command *command, uint32_t *handed_over) {
  pid_t parent = getpid();
  *handed_over = waiting_signals(command->mask);
  // Not vfork, though it saves 0.25 ms: a child that Ctrl-Z stops before its exec would hold its parent in the kernel, out
  // of reach of every signal but SIGKILL. dash has this hole, and falls into it when one types fast.
  pid_t child = fork();
  if (child == 0) become(command, parent, *handed_over);
  return child;
}

// A shared page rather than the usual close-on-exec pipe: no descriptors, and the parent need not block in read()
// before its signal loop, where a child stopped before its exec (Ctrl-Z) would have held it for ever.
int *cprocess_shared_int(void) {
  void *page = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? NULL : page;
}

int cprocess_forward_signal(pid_t pid, const struct cprocess_signal *signal) {
  if (signal->code != SI_QUEUE) return kill(pid, signal->number);
  union sigval value = {.sival_ptr = (void *)signal->value};
  return sigqueue(pid, signal->number, value);
}

enum cprocess_news cprocess_look(pid_t pid, int *number) {
  int status = 0;
  pid_t found;
  do found = waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED);
  while (found < 0 && errno == EINTR);
  *number = 0;
  if (found == 0) return CPROCESS_NONE;
  if (found < 0) return *number = errno, CPROCESS_LOST;
  if (WIFEXITED(status)) return *number = WEXITSTATUS(status), CPROCESS_EXITED;
  if (WIFSIGNALED(status)) return *number = WTERMSIG(status), CPROCESS_SIGNALED;
  if (WIFSTOPPED(status)) return *number = WSTOPSIG(status), CPROCESS_STOPPED;
  return CPROCESS_CONTINUED;
}

pid_t cprocess_ended_child(int *none) {
  siginfo_t info = {0};
  int result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
  *none = result < 0 && errno == ECHILD;
  return result < 0 ? 0 : info.si_pid;
}

int cprocess_disposition(int signal) {
  struct sigaction action;
  if (sigaction(signal, NULL, &action) < 0) return 0;
  if (action.sa_flags & SA_SIGINFO) return 2;
  return action.sa_handler == SIG_IGN ? 1 : action.sa_handler == SIG_DFL ? 0 : 2;
}

void cprocess_set_default(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
}

static void raise_unblocked(int signal) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  cprocess_set_default(signal);
  kill(getpid(), signal);
  sigprocmask(SIG_UNBLOCK, &only, NULL);  // it strikes here
  sigprocmask(SIG_BLOCK, &only, NULL);
}

void cprocess_die_of(int signal) {
  cprocess_forbid_core();
  raise_unblocked(signal);
}

void cprocess_stop_by(int signal) {
  int ignored = signal != SIGSTOP && cprocess_disposition(signal) == 1;
  raise_unblocked(signal);
  if (ignored) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(signal, &action, NULL);
  }
}

void cprocess_end_waker(pid_t waker) {
  if (waker <= 0) return;
  kill(waker, SIGKILL);
  while (waitpid(waker, NULL, 0) < 0 && errno == EINTR) continue;
}

// close_range is missing before Linux 5.9 and where a container forbids it. Not closefrom: it aborts without /proc.
static void close_from(int first) {
#ifdef CPROCESS_CLOSE_RANGE
  if (close_range((unsigned)first, ~0U, 0) == 0) return;
#endif
  // Descriptors above today's limit stay open where it was lowered: only a list of them is sure to name all.
  DIR *open_ones = opendir("/proc/self/fd");
  if (!open_ones) open_ones = opendir("/dev/fd");
  if (open_ones) {
    for (struct dirent *entry; (entry = readdir(open_ones));) {
      int descriptor = atoi(entry->d_name);
      if (descriptor >= first && descriptor != dirfd(open_ones)) close(descriptor);
    }
    closedir(open_ones);
    return;
  }
  struct rlimit limit;
  rlim_t end = 65536;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 1 << 20) end = limit.rlim_max;
  for (rlim_t descriptor = (rlim_t)first; descriptor < end; descriptor++) close((int)descriptor);
}

static _Noreturn void pump(int from) {
  if (from != 3) dup2(from, 3);
  // Whoever waits for the end of our standard output, or of a pipe we were given, must not wait for the pump.
  close(0);
  close(1);
  close_from(4);
  // A working directory would keep a file system from being unmounted.
  if (chdir("/") < 0) _exit(1);
  char buffer[4096];
  for (;;) {
    ssize_t count = read(3, buffer, sizeof buffer);
    if (count <= 0) _exit(0);
    for (ssize_t done = 0; done < count;) {
      ssize_t written = write(2, buffer + done, (size_t)(count - done));
      if (written >= 0) {
        done += written;
      } else if (errno == EAGAIN) {
        // Standard error is non-blocking, as whoever shares it has made it.
        struct pollfd end = {2, POLLOUT, 0};
        poll(&end, 1, -1);
      } else {
        _exit(0);
      }
    }
  }
}

int cprocess_leave_pump(int from) {
  pid_t child = fork();
  if (child == 0) pump(from);
  return child < 0 ? -1 : 0;
}

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

char **cprocess_environment(void) { return environ; }

int cprocess_readable(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) < 0 ? 0 : count;
}
