#define _GNU_SOURCE
#include "ctestsupport.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t cts_start(const struct cts_program *start) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t child = fork();
  if (child == 0) {
    // Out of the way of 0 to 2 first.
    int held[3];
    for (int i = 0; i < 3; i++) held[i] = start->standard[i] < 0 ? -1 : fcntl(start->standard[i], F_DUPFD, 10);
    if (start->terminal) {
      setsid();
      ioctl(held[0], TIOCSCTTY, 0);
    }
    for (int i = 0; i < 3; i++) {
      if (held[i] < 0) close(i);
      else dup2(held[i], i);
    }
    close_range(3, ~0U, 0);
    if (start->directory && chdir(start->directory) < 0) _exit(99);
    for (int i = 1; i < 65; i++) signal(i, SIG_DFL);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    execve(start->path, start->argv, start->envp);
    _exit(99);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return child;
}

int cts_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cts_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cts_terminal(int *controller, int *terminal) {
  *controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*controller < 0 || grantpt(*controller) < 0 || unlockpt(*controller) < 0) return -1;
  char name[128];
  if (ptsname_r(*controller, name, sizeof name) != 0) return -1;
  *terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return *terminal < 0 ? -1 : 0;
}

int cts_wait(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

ssize_t cts_write(int descriptor, const void *bytes, size_t count) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t written = write(descriptor, bytes, count);
  int error = errno;
  // It is pending for this thread alone.
  if (written < 0 && error == EPIPE) sigtimedwait(&pipe, NULL, &(struct timespec){0, 0});
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return written;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  remove(path);
  return 0;
}

void cts_remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }
