#ifndef CRESOLVER_H
#define CRESOLVER_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* More addresses than this are not looked at: no budget of a second can try them. */
#define CRESOLVER_MAX_ADDRESSES 16

struct cresolver_address {
  struct sockaddr_storage address;
  socklen_t length;
};

/* What the child writes, in one write shorter than PIPE_BUF, so that it arrives whole or not at all. */
struct cresolver_answer {
  int32_t gai_error;    /* 0, or an EAI_ code */
  int32_t system_error; /* errno where gai_error is EAI_SYSTEM */
  uint32_t count;
  struct cresolver_address addresses[CRESOLVER_MAX_ADDRESSES];
};

/*
 * Starts a look-up of host (a name) and port (digits) in a child process.
 * Returns 0 and sets *child and *answer_fd (non-blocking, close-on-exec), or an errno.
 * Whoever calls it reads one struct cresolver_answer from *answer_fd, and then calls cresolver_end.
 */
int cresolver_start(const char *host, const char *port, pid_t *child, int *answer_fd);

/* Kills the child if it still runs, reaps it, and closes answer_fd. Keeps errno. */
void cresolver_end(pid_t child, int answer_fd);

/* Text of an EAI_ code. */
const char *cresolver_reason(int gai_error);

#endif
