// ArgumentParser has a protocol for commands that are async. cb has none, but these three functions in what the compiler
// made of the protocol draw in Swift's concurrency library and libdispatch: 0.7 MB. Defined here, they keep both out. If
// anything async comes into cb, the link fails with a duplicate symbol: this file then goes.
#ifdef CB_STATIC_RUNTIME

#include <stddef.h>

void *swift_task_alloc(size_t size) {
  (void)size;
  __builtin_trap();
}

void swift_task_dealloc(void *memory) {
  (void)memory;
  __builtin_trap();
}

void swift_task_switch(void *context, void *resume, void *executor) {
  (void)context, (void)resume, (void)executor;
  __builtin_trap();
}

#endif
