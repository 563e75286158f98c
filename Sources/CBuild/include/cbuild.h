/// What the linker was told about the sources of this build.
#ifndef CBUILD_H
#define CBUILD_H

/// The commit in 40 hexadecimal digits and a NUL. 0 if the build was not told, and `text` is then empty.
int cb_build_commit(char text[41]);

/// Whether the sources differed from the commit.
int cb_build_is_modified(void);

/// The version of Swift, whose runtime is inside where cb is linked statically: 60301 for 6.3.1. 0 where the build was not told.
int cb_build_swift(void);

/// The version of glibc that runs, which is the one inside where cb is linked statically; empty with another C library.
const char *cb_build_glibc(void);

#endif
