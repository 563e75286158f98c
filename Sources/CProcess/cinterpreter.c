#define _GNU_SOURCE
#include "cprocess.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// `#!INTERPRETER ARGUMENT`: the interpreter begins after blanks and ends at a blank or the line's end (execve(2)).
// A carriage return belongs to it: it is what a file from Windows fails by.
static size_t of_script(const char *head, size_t size, char *text, size_t room) {
  size_t at = 2, length = 0;
  while (at < size && (head[at] == ' ' || head[at] == '\t')) at++;
  while (at + length < size && length < room && !strchr(" \t\n", head[at + length])) length++;
  memcpy(text, head + at, length);
  return length;
}

// The loader that a program names, in the headers of either class. Of the other byte order: not ours to run at all.
static size_t of_program(int file, const char *head, size_t size, char *text, size_t room) {
  int is_wide = head[EI_CLASS] == ELFCLASS64;
  uint64_t table, count, step;
  if (is_wide) {
    Elf64_Ehdr header;
    if (size < sizeof header) return 0;
    memcpy(&header, head, sizeof header);
    table = header.e_phoff, count = header.e_phnum, step = header.e_phentsize;
  } else {
    Elf32_Ehdr header;
    if (size < sizeof header) return 0;
    memcpy(&header, head, sizeof header);
    table = header.e_phoff, count = header.e_phnum, step = header.e_phentsize;
  }
  for (uint64_t i = 0; i < count; i++) {
    Elf64_Phdr wide;
    Elf32_Phdr narrow;
    void *entry = is_wide ? (void *)&wide : &narrow;
    size_t entry_size = is_wide ? sizeof wide : sizeof narrow;
    if (pread(file, entry, entry_size, (off_t)(table + i * step)) != (ssize_t)entry_size) return 0;
    if ((is_wide ? wide.p_type : narrow.p_type) != PT_INTERP) continue;
    size_t length = is_wide ? wide.p_filesz : narrow.p_filesz;
    ssize_t got = pread(file, text, length < room ? length : room, (off_t)(is_wide ? wide.p_offset : narrow.p_offset));
    return got <= 0 ? 0 : strnlen(text, (size_t)got);
  }
  return 0;
}

static size_t interpreter(const char *path, char *text, size_t room) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return 0;
  char head[256];
  ssize_t size = pread(file, head, sizeof head, 0);
  size_t length = 0;
  if (size > 2 && !memcmp(head, "#!", 2)) length = of_script(head, (size_t)size, text, room);
  else if (size > EI_CLASS && !memcmp(head, ELFMAG, SELFMAG)) length = of_program(file, head, (size_t)size, text, room);
  close(file);
  return length;
}

// As execvpe looks for it; not beyond the first that is there.
static int find(const char *name, char *path, size_t room) {
  if (strchr(name, '/')) {
    if (strlen(name) >= room) return 0;
    strcpy(path, name);
    return access(path, X_OK) == 0;
  }
  const char *list = getenv("PATH");
  if (!list) list = "/bin:/usr/bin";
  for (;; list++) {
    size_t length = strcspn(list, ":");
    if (length + strlen(name) + 2 < room) {
      memcpy(path, list, length);
      path[length] = length ? '/' : 0;
      strcpy(path + length + (length ? 1 : 0), name);
      if (access(path, X_OK) == 0) return 1;
    }
    list += length;
    if (!*list) return 0;
  }
}

size_t cprocess_missing_interpreter(const char *name, uint8_t *text, size_t room) {
  char path[PATH_MAX], found[PATH_MAX];
  if (!find(name, path, sizeof path)) return 0;
  size_t length = interpreter(path, found, sizeof found - 1);
  found[length] = 0;
  if (length == 0 || length > room || access(found, X_OK) == 0) return 0;
  memcpy(text, found, length);
  return length;
}
