#define _GNU_SOURCE
#include "cresolver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct cresolver_answer) <= PIPE_BUF, "the answer must fit one atomic write");

/*
 * A look-up has no time limit of its own (resolv.conf's default is some 10 s a server), and in a static
 * binary glibc may load modules named in nsswitch.conf that were built for another glibc and crash.
 * A child process can be ended at the deadline, and its crash is only a failed look-up. A detached thread,
 * the alternative, would outlive the deadline, hold resolver locks across the fork of CMD, and take cb with it.
 */
static void resolve(const char *host, const char *port, int out, pid_t parent) {
  sigset_t all;
  /* Blocked, so that neither Ctrl-C nor Ctrl-Z (which are cb's to handle) nor a handler of cb's runs here. */
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  /* Nothing of cb's is kept open here: not its locks, and not the pipes of those who wait for its output to end. */
  if (out != 0) {
    if (dup2(out, 0) != 0) _exit(1);
    out = 0;
  }
  close_range(1, ~0U, 0);

  struct cresolver_answer answer;
  memset(&answer, 0, sizeof answer);
  struct addrinfo hints, *list = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  /* Without AI_ADDRCONFIG: it hides ::1 and 127.0.0.1 on a host that has only loopback addresses. */
  hints.ai_flags = AI_NUMERICSERV;
  answer.gai_error = getaddrinfo(host, port, &hints, &list);
  if (answer.gai_error == EAI_SYSTEM) answer.system_error = errno;
  if (answer.gai_error == 0) {
    for (struct addrinfo *i = list; i && answer.count < CRESOLVER_MAX_ADDRESSES; i = i->ai_next) {
      if (i->ai_addrlen > sizeof(struct sockaddr_storage)) continue;
      memcpy(&answer.addresses[answer.count].address, i->ai_addr, i->ai_addrlen);
      answer.addresses[answer.count].length = i->ai_addrlen;
      answer.count++;
    }
  }
  ssize_t n;
  do n = write(out, &answer, sizeof answer);
  while (n < 0 && errno == EINTR);
  _exit(0);
}

int cresolver_start(const char *host, const char *port, pid_t *child, int *answer_fd) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  if (pid == 0) resolve(host, port, ends[1], parent);
  close(ends[1]);
  *child = pid;
  *answer_fd = ends[0];
  return 0;
}

void cresolver_end(pid_t child, int answer_fd) {
  int saved = errno;
  close(answer_fd);
  /* ECHILD is fine: with SIGCHLD ignored the kernel reaps by itself. Then the child may be gone already when it
     is killed here, so look first: only a child that is still ours to wait for is killed. */
  pid_t done;
  do done = waitpid(child, NULL, WNOHANG);
  while (done < 0 && errno == EINTR);
  if (done == 0) {
    kill(child, SIGKILL);
    do done = waitpid(child, NULL, 0);
    while (done < 0 && errno == EINTR);
  }
  errno = saved;
}

const char *cresolver_reason(int gai_error) { return gai_strerror(gai_error); }
