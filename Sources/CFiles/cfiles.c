#define _GNU_SOURCE
#include "cfiles.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>

int cfiles_exchange(int directory, const char *left, const char *right) {
  return renameat2(directory, left, directory, right, RENAME_EXCHANGE);
}

static int holds(const char *point, const char *path) {
  size_t length = strlen(point);
  if (strncmp(point, path, length) != 0) return 0;
  return length == 1 || path[length] == '\0' || path[length] == '/';
}

int cfiles_file_system(const char *path, char *kind, size_t size) {
  FILE *table = setmntent("/proc/self/mounts", "re");
  if (!table) return -1;
  char text[16384];
  struct mntent entry;
  size_t best = 0;
  while (getmntent_r(table, &entry, text, sizeof text)) {
    size_t length = strlen(entry.mnt_dir);
    /* Of two at one place the later covers the earlier. */
    if (!holds(entry.mnt_dir, path) || length < best) continue;
    best = length;
    snprintf(kind, size, "%s", entry.mnt_type);
  }
  endmntent(table);
  return best > 0 ? 0 : -1;
}
