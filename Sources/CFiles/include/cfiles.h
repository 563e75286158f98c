#ifndef CFILES_H
#define CFILES_H

#include <stddef.h>

/// Exchanges two names of a directory atomically (renameat2(2), RENAME_EXCHANGE, which Swift's Glibc does not import).
/// 0, or -1 with errno: EINVAL where the file system cannot, ENOSYS where the kernel cannot.
int cfiles_exchange(int directory, const char *left, const char *right);

/// The kind of file system that holds an absolute path without links, such as "ext4", by getmntent_r(3), which Swift's
/// Glibc does not import. 0, or -1 if the kernel does not tell.
int cfiles_file_system(const char *path, char *kind, size_t size);

#endif
