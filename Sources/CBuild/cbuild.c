// The Makefile names the commit as three numbers on the linker's command line (--defsym), and Swift's version as one, so that a new commit links anew
// and compiles nothing. A generated source file would compile every module that depends on it again: minutes.
#include "cbuild.h"
#include <stdint.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#define NUMBER(name) extern const char name[] __attribute__((weak, visibility("hidden")))
NUMBER(cb_commit_high);
NUMBER(cb_commit_middle);
NUMBER(cb_commit_low);
NUMBER(cb_commit_modified);
NUMBER(cb_swift_version);

// Their addresses are the numbers. In data, since code could not hold one so far away.
static const struct {
  uintptr_t value;
  int digits;
} parts[] = {{(uintptr_t)cb_commit_high, 16}, {(uintptr_t)cb_commit_middle, 16}, {(uintptr_t)cb_commit_low, 8}};
// volatile: a compiler takes an address for something that is never 0.
static const volatile uintptr_t modified = (uintptr_t)cb_commit_modified;
static const volatile uintptr_t swift = (uintptr_t)cb_swift_version;

int cb_build_commit(char text[41]) {
  uintptr_t any = 0;
  int length = 0;
  for (int part = 0; part < 3; part++) {
    any |= parts[part].value;
    for (int digit = parts[part].digits - 1; digit >= 0; digit--)
      text[length++] = "0123456789abcdef"[parts[part].value >> (4 * digit) & 15];
  }
  text[any ? length : 0] = 0;
  return any != 0;
}

int cb_build_is_modified(void) { return modified != 0; }

int cb_build_swift(void) { return (int)swift; }

const char *cb_build_glibc(void) {
#ifdef __GLIBC__
  return gnu_get_libc_version();
#else
  return "";
#endif
}
