#ifndef CRESOLVER_H
#define CRESOLVER_H

#include <stdint.h>

/* More addresses than this are not looked at: no budget of a second can try them. */
#define CRESOLVER_MOST_ADDRESSES 16

/* In network order; the four bytes of an IPv4 address first. No struct of <sys/socket.h>, whose names this module would
   otherwise take away from Swift's own module of the C library. */
struct cresolver_address {
  int32_t is_ipv6;
  uint32_t scope;
  uint8_t bytes[16];
};

struct cresolver_answer {
  uint32_t count;
  struct cresolver_address addresses[CRESOLVER_MOST_ADDRESSES];
};

/* What cresolver_look_up returns beside c-ares' own codes (0 and up). */
#define CRESOLVER_TIMED_OUT (-1)

/*
 * Looks a host name up in /etc/hosts and with the name servers of /etc/resolv.conf, in the order of /etc/nsswitch.conf,
 * for at most so many milliseconds. With a server_port other than 0, a name server at 127.0.0.1 and that port is asked
 * in place of the system's (for tests).
 *
 * Returns 0 and fills the answer, in the order to try the addresses (RFC 6724), or says why not.
 */
int cresolver_look_up(const char *host, int64_t milliseconds, uint16_t server_port, struct cresolver_answer *answer);

/* The text of a code of c-ares. */
const char *cresolver_reason(int code);

/* The version of c-ares that runs; empty where the build has none. */
const char *cresolver_version(void);

#endif
