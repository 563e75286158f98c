#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The child's half of cprocess_start. All signals are blocked until the mask is restored, the last act before exec,
// so no handler of the Swift runtime can run here; exec itself turns handlers into defaults.
static _Noreturn void become(const struct cprocess_command *command, pid_t parent, uint32_t inherited) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent may have died before the line above. Not "is it 1": an orphan's new parent can be any subreaper.
  if (getppid() != parent) kill(getpid(), SIGTERM);

  for (int place = 0; place < 3; place++)
    if (command->standard[place] >= 0) dup2(command->standard[place], place);
  if (command->is_subreaper) prctl(PR_SET_CHILD_SUBREAPER, 1);
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

int cprocess_wait_signal(const sigset_t *set, int64_t milliseconds, struct cprocess_signal *signal) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  siginfo_t info;
  int number = sigtimedwait(set, &info, milliseconds < 0 ? NULL : &time);
  if (number < 0) return 0;
  *signal = (struct cprocess_signal){number, info.si_code, info.si_pid, (intptr_t)info.si_value.sival_ptr};
  // si_pid shares its bytes with other fields where no process is the sender.
  if (info.si_code > 0 && number != SIGCHLD) signal->sender = 0;
  return 1;
}

int cprocess_read_signalfd(int descriptor, struct cprocess_signal *signal) {
  struct signalfd_siginfo info;
  if (read(descriptor, &info, sizeof info) != sizeof info) return 0;
  *signal = (struct cprocess_signal){
      (int)info.ssi_signo, info.ssi_code, (pid_t)info.ssi_pid, (intptr_t)info.ssi_ptr};
  if (info.ssi_code > 0 && info.ssi_signo != SIGCHLD) signal->sender = 0;
  return 1;
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
  // Not RLIMIT_CORE: a core_pattern that is a pipe does not heed it.
  prctl(PR_SET_DUMPABLE, 0);
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

static _Noreturn void pump(int from) {
  if (from != 3) dup2(from, 3);
  // Whoever waits for the end of our standard output, or of a pipe we were given, must not wait for the pump.
  close(0);
  close(1);
  close_range(4, ~0U, 0);
  // A working directory would keep a file system from being unmounted.
  if (chdir("/") < 0) _exit(1);
  char buffer[4096];
  for (;;) {
    ssize_t count = read(3, buffer, sizeof buffer);
    if (count <= 0) _exit(0);
    for (ssize_t done = 0; done < count;) {
      ssize_t written = write(2, buffer + done, (size_t)(count - done));
      if (written < 0) _exit(0);
      done += written;
    }
  }
}

int cprocess_leave_pump(int from) {
  pid_t child = fork();
  if (child == 0) pump(from);
  return child < 0 ? -1 : 0;
}

int cprocess_get_subreaper(void) {
  int on = 0;
  return prctl(PR_GET_CHILD_SUBREAPER, &on) < 0 ? 0 : on;
}

void cprocess_set_subreaper(int on) { prctl(PR_SET_CHILD_SUBREAPER, on); }

void cprocess_hold_place(void) {
  // `/` is always there, unlike /dev/null.
  if (open("/", O_PATH | O_CLOEXEC) < 0) return;
}

int cprocess_is_closed(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 || flags & O_PATH;
}

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cprocess_signalfd(const sigset_t *set) { return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK); }

int cprocess_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

char **cprocess_environment(void) { return environ; }

int cprocess_readable(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) < 0 ? 0 : count;
}

int cprocess_is_elevated(void) { return getauxval(AT_SECURE) != 0; }
