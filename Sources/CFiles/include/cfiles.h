#ifndef CFILES_H
#define CFILES_H

/// Exchanges two names of a directory atomically (renameat2(2), RENAME_EXCHANGE, which Swift's Glibc does not import).
/// 0, or -1 with errno: EINVAL where the file system cannot, ENOSYS where the kernel cannot.
int cfiles_exchange(int directory, const char *left, const char *right);

#endif
