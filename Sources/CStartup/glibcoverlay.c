// The few functions that cb calls of Swift's module Glibc: errno, open, fcntl, ioctl, and macros that Swift cannot read. The
// archive has them in one object with all of <math.h>, which draws in two thirds of libm: 94 KB. Defined here, they keep that
// object out. Weak: where cb comes to use another function of it, the object is linked as usual, and its own definitions
// win. Numbers and pointers are passed as C passes them, on x86-64 and on arm64.
#ifdef CB_STATIC_RUNTIME

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

// Swift's name of a function, from which the linker knows it.
#define SWIFT(symbol) __asm__("$s5Glibc" symbol) __attribute__((weak))

int32_t cstartup_errno(void) SWIFT("5errnos5Int32Vvg");
int32_t cstartup_errno(void) { return errno; }

void cstartup_set_errno(int32_t value) SWIFT("5errnos5Int32Vvs");
void cstartup_set_errno(int32_t value) { errno = value; }

int32_t cstartup_open(const char *path, int32_t flags) SWIFT("4openys5Int32VSPys4Int8VG_ADtF");
int32_t cstartup_open(const char *path, int32_t flags) { return open(path, flags); }

int32_t cstartup_create(const char *path, int32_t flags, uint32_t mode) SWIFT("4openys5Int32VSPys4Int8VG_ADs6UInt32VtF");
int32_t cstartup_create(const char *path, int32_t flags, uint32_t mode) { return open(path, flags, mode); }

int32_t cstartup_openat(int32_t directory, const char *path, int32_t flags, uint32_t mode)
    SWIFT("6openatys5Int32VAD_SPys4Int8VGADs6UInt32VtF");
int32_t cstartup_openat(int32_t directory, const char *path, int32_t flags, uint32_t mode) {
  return openat(directory, path, flags, mode);
}

int32_t cstartup_fcntl(int32_t descriptor, int32_t command) SWIFT("5fcntlys5Int32VAD_ADtF");
int32_t cstartup_fcntl(int32_t descriptor, int32_t command) { return fcntl(descriptor, command); }

int32_t cstartup_ioctl(int32_t descriptor, unsigned long request, void *value) SWIFT("5ioctlys5Int32VAD_SuSvtF");
int32_t cstartup_ioctl(int32_t descriptor, unsigned long request, void *value) { return ioctl(descriptor, request, value); }

#define CONSTANT(name, length) \
  uint32_t cstartup_##name(void) SWIFT(length #name "s6UInt32Vvg"); \
  uint32_t cstartup_##name(void) { return name; }

CONSTANT(S_IFMT, "6")
CONSTANT(S_IFDIR, "7")
CONSTANT(S_IFIFO, "7")
CONSTANT(S_IFLNK, "7")
CONSTANT(S_IFREG, "7")
CONSTANT(S_IFSOCK, "8")
CONSTANT(S_ISGID, "7")
CONSTANT(S_ISVTX, "7")
CONSTANT(S_IWGRP, "7")
CONSTANT(S_IWOTH, "7")

#endif
