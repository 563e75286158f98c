#define _GNU_SOURCE
#include "cfiles.h"

#include <stdio.h>

int cfiles_exchange(int directory, const char *left, const char *right) {
  return renameat2(directory, left, directory, right, RENAME_EXCHANGE);
}
