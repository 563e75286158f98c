// The C half of the benchmarks; needs nothing but libc.
//   peer store DIRECTORY SECONDS   flock, read, write, rename on one document, as often as it goes: the least that a
//                                  store in files can do. Prints {"operations": N, "seconds": S}.
//   peer memory COMMAND...         runs COMMAND and prints the peak of its memory in kB. Not Python's wait4: a child's
//                                  peak begins at that of the process that forked it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DOCUMENT = 700 };  // bytes; about what a breaker's document has

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void replace(int directory, const char *bytes, size_t count) {
  int file = openat(directory, "peer.json.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail("peer.json.tmp");
  if (write(file, bytes, count) != (ssize_t)count) fail("write");
  close(file);
  if (renameat(directory, "peer.json.tmp", directory, "peer.json") < 0) fail("rename");
}

static void operation(const char *path) {
  char bytes[DOCUMENT];
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail(path);
  int lock = openat(directory, "peer.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX) < 0) fail("peer.lock");
  int file = openat(directory, "peer.json", O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("peer.json");
  if (read(file, bytes, sizeof bytes) != sizeof bytes) fail("read");
  close(file);
  bytes[0]++;
  replace(directory, bytes, sizeof bytes);
  close(lock);
  close(directory);
}

static int store(const char *path, double seconds) {
  char bytes[DOCUMENT];
  memset(bytes, 'x', sizeof bytes);
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail(path);
  replace(directory, bytes, sizeof bytes);
  close(directory);
  double start = now();
  long operations = 0;
  do {
    for (int i = 0; i < 100; i++) operation(path);
    operations += 100;
  } while (now() - start < seconds);
  printf("{\"operations\": %ld, \"seconds\": %.6f}\n", operations, now() - start);
  return 0;
}

static int memory(char **command) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    execvp(command[0], command);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) fail("wait4");
  printf("%ld\n", usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int count, char **arguments) {
  if (count == 4 && strcmp(arguments[1], "store") == 0) return store(arguments[2], atof(arguments[3]));
  if (count > 2 && strcmp(arguments[1], "memory") == 0) return memory(arguments + 2);
  fputs("usage: peer store DIRECTORY SECONDS | peer memory COMMAND...\n", stderr);
  return 64;
}
