#define _GNU_SOURCE
// What only Linux has.
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

void cprocess_die_with(pid_t parent, int signal) {
  prctl(PR_SET_PDEATHSIG, signal);
  // The parent may have died before the line above. Not "is it 1": an orphan's new parent can be any subreaper.
  if (getppid() != parent) kill(getpid(), signal);
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

int cprocess_signalfd(const sigset_t *set) { return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK); }

void cprocess_forbid_core(void) {
  // Not RLIMIT_CORE: a core_pattern that is a pipe does not heed it.
  prctl(PR_SET_DUMPABLE, 0);
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

int cprocess_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int cprocess_is_elevated(void) { return getauxval(AT_SECURE) != 0; }

// Whether the process is stopped, by /proc; one that cannot be looked at is not.
static int is_stopped(pid_t pid) {
  char path[32], line[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t count = read(file, line, sizeof line - 1);
  close(file);
  line[count < 0 ? 0 : count] = 0;
  const char *name_end = strrchr(line, ')');
  return name_end && (name_end[1] == ' ') && (name_end[2] == 'T' || name_end[2] == 't');
}

pid_t cprocess_start_waker(pid_t command, int sees, int64_t milliseconds) {
  if (!sees && milliseconds < 0) return 0;
  pid_t parent = getpid();
  pid_t waker = fork();
  if (waker != 0) return waker;
  cprocess_die_with(parent, SIGKILL);
  const struct timespec pause = {0, 100 * 1000000};
  for (int64_t passed = 0;; passed += 100) {
    nanosleep(&pause, NULL);
    // Again and again: the first may come before the parent has stopped. It ends this process when it wakes.
    if ((sees && !is_stopped(command)) || (milliseconds >= 0 && passed >= milliseconds)) kill(parent, SIGCONT);
  }
}
