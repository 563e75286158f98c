#ifndef CB_CHIREDIS_SHIM_H
#define CB_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

/*
 * hiredis takes a server's word for the length of an array and allocates it at once: `*1000000000` costs 8 GB of
 * address space, and minutes of walking through it to free it. So the number of elements of a whole reply is limited
 * here, by a table of functions of our own that differs from hiredis' own in one entry.
 */
struct cb_reader_limits {
  redisReplyObjectFunctions functions;
  redisReplyObjectFunctions *original;
  long long elements_left;
  int exceeded;
};

#if HIREDIS_MAJOR >= 1
typedef size_t cb_element_count;
#else
typedef int cb_element_count;
#endif

static inline void *cb_create_array(const redisReadTask *task, cb_element_count count) {
  struct cb_reader_limits *limits = (struct cb_reader_limits *)task->privdata;
  if ((long long)count < 0 || (long long)count > limits->elements_left) {
    limits->exceeded = 1;
    return 0; /* hiredis reports it as out of memory, and the reader is dead */
  }
  limits->elements_left -= (long long)count;
  return limits->original->createArray(task, count);
}

/* limits must live, unmoved, as long as the reader. */
static inline redisReader *cb_reader_create(struct cb_reader_limits *limits) {
  redisReader *reader = redisReaderCreate();
  if (!reader) return 0;
  limits->original = reader->fn;
  limits->functions = *reader->fn;
  limits->functions.createArray = cb_create_array;
  reader->fn = &limits->functions;
  reader->privdata = limits;
  return reader;
}

static inline const char *cb_reader_error(const redisReader *reader) { return reader->errstr; }

#endif
