/*
 * Look-up of names by c-ares, in place of getaddrinfo: that has no deadline (10 s a server), and in a static binary it
 * loads the modules named in nsswitch.conf, which on a host with another glibc means no DNS at all, or a crash. It used
 * to run in a child process that was killed at the deadline; what either costs is in Benchmarks/FLEET.md.
 */
#define _GNU_SOURCE
#include "cresolver.h"

#if CB_REDIS

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct lookup {
  int is_done, status;
  struct cresolver_answer *answer;
};

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void done(void *context, int status, int timeouts, struct ares_addrinfo *result) {
  (void)timeouts;
  struct lookup *lookup = context;
  lookup->is_done = 1;
  lookup->status = status;
  if (!result) return;
  struct cresolver_answer *answer = lookup->answer;
  for (struct ares_addrinfo_node *node = result->nodes; node && answer->count < CRESOLVER_MOST_ADDRESSES;
       node = node->ai_next) {
    struct cresolver_address *address = &answer->addresses[answer->count];
    if (node->ai_family == AF_INET && node->ai_addrlen >= sizeof(struct sockaddr_in)) {
      memcpy(address->bytes, &((struct sockaddr_in *)node->ai_addr)->sin_addr, 4);
    } else if (node->ai_family == AF_INET6 && node->ai_addrlen >= sizeof(struct sockaddr_in6)) {
      address->is_ipv6 = 1;
      address->scope = ((struct sockaddr_in6 *)node->ai_addr)->sin6_scope_id;
      memcpy(address->bytes, &((struct sockaddr_in6 *)node->ai_addr)->sin6_addr, 16);
    } else {
      continue;
    }
    answer->count++;
  }
  ares_freeaddrinfo(result);
}

/*
 * Sockets that no CMD inherits, and on which no reset kills cb by SIGPIPE: a truncated answer is asked for again over
 * TCP, and c-ares itself writes there without MSG_NOSIGNAL.
 */
static ares_socket_t open_socket(int family, int type, int protocol, void *context) {
  (void)context;
  return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}
static int close_socket(ares_socket_t descriptor, void *context) {
  (void)context;
  return close(descriptor);
}
static int connect_socket(ares_socket_t descriptor, const struct sockaddr *address, ares_socklen_t length, void *c) {
  (void)c;
  return connect(descriptor, address, length);
}
static ares_ssize_t receive(ares_socket_t descriptor, void *bytes, size_t count, int flags, struct sockaddr *from,
                            ares_socklen_t *length, void *context) {
  (void)context;
  return recvfrom(descriptor, bytes, count, flags, from, length);
}
static ares_ssize_t send_parts(ares_socket_t descriptor, const struct iovec *parts, int count, void *context) {
  (void)context;
  struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
  return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}
static const struct ares_socket_functions socket_functions = {open_socket, close_socket, connect_socket, receive,
                                                              send_parts};

static int open_channel(ares_channel *channel, int64_t milliseconds, uint16_t server_port) {
  struct ares_options options;
  memset(&options, 0, sizeof options);
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  /* A silent server has a quarter of the time, and on the second try half of it: then an answer to A counts in time
     although nobody answers to AAAA, and a second server has its turn. */
  options.timeout = milliseconds / 4 < 1 ? 1 : milliseconds / 4 > 5000 ? 5000 : (int)(milliseconds / 4);
  options.tries = 2;
  struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
  if (server_port) {
    mask |= ARES_OPT_SERVERS | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_LOOKUPS;
    options.servers = &loopback;
    options.nservers = 1;
    options.udp_port = options.tcp_port = server_port;
    options.lookups = "fb";
  }
  int status = ares_init_options(channel, &options, mask);
  if (status == ARES_SUCCESS) ares_set_socket_functions(*channel, &socket_functions, NULL);
  return status;
}

/* Waits for a socket of the channel, or until one of its queries has waited long enough, and works on it. */
static void turn(ares_channel channel, int64_t end) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  struct pollfd entries[ARES_GETSOCK_MAXNUM];
  nfds_t count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
    short events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
    if (events) entries[count++] = (struct pollfd){.fd = sockets[i], .events = events};
  }
  int64_t left = end - now();
  if (left < 0) left = 0;
  struct timeval most = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000}, next;
  struct timeval *wait = ares_timeout(channel, &most, &next);
  int ready = poll(entries, count, wait ? (int)(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000) : (int)left);
  if (ready <= 0) {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    return;
  }
  for (nfds_t i = 0; i < count; i++) {
    ares_process_fd(channel, entries[i].revents & (POLLIN | POLLERR | POLLHUP) ? entries[i].fd : ARES_SOCKET_BAD,
                    entries[i].revents & POLLOUT ? entries[i].fd : ARES_SOCKET_BAD);
  }
}

int cresolver_look_up(const char *host, int64_t milliseconds, uint16_t server_port, struct cresolver_answer *answer) {
  memset(answer, 0, sizeof *answer);
  int64_t end = now() + milliseconds;
  ares_channel channel;
  int status = open_channel(&channel, milliseconds, server_port);
  if (status != ARES_SUCCESS) return status;
  struct lookup lookup = {.answer = answer};
  struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  ares_getaddrinfo(channel, host, NULL, &hints, done, &lookup);
  while (!lookup.is_done && now() < end) turn(channel, end);
  int is_answered = lookup.is_done;
  status = lookup.status;
  /* Calls back, with "destroyed", for what is still under way. */
  ares_destroy(channel);
  if (!is_answered || status == ARES_ETIMEOUT) return CRESOLVER_TIMED_OUT;
  return status;
}

const char *cresolver_reason(int code) {
  switch (code) {
    case ARES_ENOTFOUND: return "no such host";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ECONNREFUSED: return "no name server answers (is /etc/resolv.conf right?)";
    default: return ares_strerror(code);
  }
}

const char *cresolver_version(void) { return ares_version(NULL); }

#else

int cresolver_look_up(const char *host, int64_t milliseconds, uint16_t server_port, struct cresolver_answer *answer) {
  (void)host, (void)milliseconds, (void)server_port;
  answer->count = 0;
  return 1;
}

const char *cresolver_reason(int code) {
  (void)code;
  return "this build has no Redis";
}

const char *cresolver_version(void) { return ""; }

#endif
