// cb-probe: a program that tells everything about itself, to compare a run through cb with a run without.
//
//   cb-probe show                     print all, a line each: key=value
//   cb-probe with OPTIONS -- CMD...   change something about itself, then exec CMD
//   cb-probe wait SIGNAL...           print "ready", then each signal as it comes, until SIGTERM or end of time
//   cb-probe herd COUNT CMD...        start COUNT of CMD at once; the exit code of each as it ends, into the file codes
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static void hex(const char *text) {
  for (; *text; text++) printf("%02x", (unsigned char)*text);
}

static void descriptors(void) {
  for (int fd = 0; fd < 256; fd++) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) {
      if (fd < 3) printf("fd%d=closed\n", fd);
      continue;
    }
    struct stat info;
    fstat(fd, &info);
    char path[64], target[4096];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    // Pipes are new for each run: their kind is told, not their number.
    if (S_ISFIFO(info.st_mode)) strcpy(target, "pipe");
    printf("fd%d=%s flags=%o cloexec=%d offset=%ld tty=%d\n", fd, target, flags, fcntl(fd, F_GETFD),
           (long)lseek(fd, 0, SEEK_CUR), isatty(fd));
  }
}

static void file(const char *key, const char *path) {
  FILE *input = fopen(path, "re");
  if (!input) return;
  char line[4096];
  printf("%s=", key);
  while (fgets(line, sizeof line, input)) {
    line[strcspn(line, "\n")] = ' ';
    fputs(line, stdout);
  }
  puts("");
  fclose(input);
}

// SwiftPM links the Swift runtime even into a C program, and that sets up signal handlers and a signal stack before
// main. What cb handed over is read before it.
static char before[8192];
static stack_t stack_before;

static void look(void) {
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  // A closed standard stream leaves its number free; this one is closed again at once.
  if (fd >= 0 && read(fd, before, sizeof before - 1) < 0) before[0] = 0;
  close(fd);
  sigaltstack(NULL, &stack_before);
}

__attribute__((section(".preinit_array"), used)) static void (*const looking)(void) = look;

static void status(void) {
  static const char *keys[] = {"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd",
                               "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Uid", "Gid", "Groups", "Umask",
                               "Threads", "Cpus_allowed", "Mems_allowed", "Name", "TracerPid", "FDSize",
                               "CoreDumping", "THP_enabled", "untag_mask"};
  for (char *rest = before, *line; (line = strsep(&rest, "\n"));) {
    char *colon = strchr(line, ':');
    if (!colon) continue;
    *colon = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
      if (!strcmp(keys[i], line)) {
        printf("%s=", line);
        for (char *p = colon + 1; *p && *p != '\n'; p++) putchar(*p == '\t' ? ' ' : *p);
        puts("");
      }
  }
}

static int show(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  descriptors();
  printf("argc=%d\nargv=", argc);
  for (int i = 0; i < argc; i++) hex(argv[i]), putchar(' ');
  printf("\nenvironment=");
  for (char **e = environ; *e; e++)
    if (strncmp(*e, "CB_BREAKER=", 11) && strncmp(*e, "CB_STATE=", 9)) hex(*e), putchar(' ');
  printf("\nbreaker=%s\n", getenv("CB_BREAKER") ? getenv("CB_BREAKER") : "");
  char path[4096];
  printf("directory=%s\n", getcwd(path, sizeof path));
  printf("process_group=%d\nsession=%d\n", getpgrp(), getsid(0));
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  printf("terminal=%d\nforeground=%d\n", terminal >= 0, terminal >= 0 && tcgetpgrp(terminal) == getpgrp());
  struct termios modes;
  if (terminal >= 0 && tcgetattr(terminal, &modes) == 0)
    printf("modes=%x %x %x %x\n", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
  for (int i = 0; i < 16; i++) {
    struct rlimit limit;
    if (getrlimit(i, &limit) == 0) printf("limit%d=%ld %ld\n", i, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  printf("nice=%d\npolicy=%d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
  printf("io_priority=%ld\n", syscall(SYS_ioprio_get, 1, 0));
  printf("personality=%x\n", personality(0xffffffff));
  printf("slack=%d\ndumpable=%d\nkeepcaps=%d\nsecurebits=%d\nthp=%d\n", prctl(PR_GET_TIMERSLACK),
         prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS), prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
  int on = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &on);
  printf("subreaper=%d\n", on);
  printf("signal_stack=%d\n", stack_before.ss_flags);
  struct itimerval timer;
  getitimer(ITIMER_VIRTUAL, &timer);
  printf("virtual_timer=%ld\n", timer.it_value.tv_sec);
  file("oom", "/proc/self/oom_score_adj");
  file("cgroup", "/proc/self/cgroup");
  file("core_filter", "/proc/self/coredump_filter");
  file("login", "/proc/self/loginuid");
  file("children", "/proc/thread-self/children");
  static const char *spaces[] = {"mnt", "net", "pid", "user", "uts", "ipc", "time", "cgroup"};
  for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/ns/%s", spaces[i]);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    printf("namespace_%s=%s\n", spaces[i], path);
  }
  ssize_t length = readlink("/proc/self/root", path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  printf("root=%s\n", path);
  status();
  // What the parent-death signal is: the one thing about CMD that cb changes.
  int death = 0;
  prctl(PR_GET_PDEATHSIG, &death);
  printf("death=%d\n", death);
  fflush(stdout);
  return 0;
}

// As on a kernel that does not know the system call, or in a container that forbids it.
static int forbid(int number, int error) {
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int with(char **argv) {
  for (; *argv && strcmp(*argv, "--"); argv += 2) {
    const char *what = argv[0], *value = argv[1];
    int number = atoi(value);
    sigset_t one;
    sigemptyset(&one);
    if (isdigit((unsigned char)*value)) sigaddset(&one, number);
    if (!strcmp(what, "ignore")) signal(number, SIG_IGN);
    else if (!strcmp(what, "block")) sigprocmask(SIG_BLOCK, &one, NULL);
    else if (!strcmp(what, "raise")) kill(getpid(), number);
    else if (!strcmp(what, "close")) close(number);
    else if (!strcmp(what, "open")) {  // the lowest free descriptor from 5 on, at offset 3
      int fd = open(value, O_RDWR);
      fcntl(fd, F_DUPFD, 5);
      close(fd);
      lseek(5, 3, SEEK_SET);
    } else if (!strcmp(what, "append")) dup2(open(value, O_WRONLY | O_APPEND | O_CREAT, 0600), 7);
    else if (!strcmp(what, "nonblock")) fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK);
    else if (!strcmp(what, "umask")) umask((mode_t)strtol(value, NULL, 8));
    else if (!strcmp(what, "nice")) setpriority(PRIO_PROCESS, 0, number);
    else if (!strcmp(what, "files")) setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)number, (rlim_t)number});
    else if (!strcmp(what, "core")) setrlimit(RLIMIT_CORE, &(struct rlimit){(rlim_t)number, RLIM_INFINITY});
    else if (!strcmp(what, "fsize")) setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)number, RLIM_INFINITY});
    else if (!strcmp(what, "stack")) setrlimit(RLIMIT_STACK, &(struct rlimit){(rlim_t)number, RLIM_INFINITY});
    else if (!strcmp(what, "cpu")) setrlimit(RLIMIT_CPU, &(struct rlimit){(rlim_t)number, RLIM_INFINITY});
    else if (!strcmp(what, "without")) {  // close_range, or close_range:EPERM
      int is_forbidden = !strcmp(value, "close_range:EPERM");
      if (!is_forbidden && strcmp(value, "close_range")) return 98;
      if (forbid(SYS_close_range, is_forbidden ? EPERM : ENOSYS)) return 98;
    } else if (!strcmp(what, "slack")) prctl(PR_SET_TIMERSLACK, number);
    else if (!strcmp(what, "subreaper")) prctl(PR_SET_CHILD_SUBREAPER, number);
    else if (!strcmp(what, "nnp")) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    else if (!strcmp(what, "thp")) prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    else if (!strcmp(what, "personality")) personality((unsigned long)strtol(value, NULL, 16));
    else if (!strcmp(what, "batch")) sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    else if (!strcmp(what, "idle_io")) syscall(SYS_ioprio_set, 1, 0, 3 << 13);
    else if (!strcmp(what, "cpus")) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(number, &set);
      sched_setaffinity(0, sizeof set, &set);
    } else if (!strcmp(what, "oom")) {
      FILE *f = fopen("/proc/self/oom_score_adj", "we");
      if (f) fputs(value, f), fclose(f);
    } else if (!strcmp(what, "core_filter")) {
      FILE *f = fopen("/proc/self/coredump_filter", "we");
      if (f) fputs(value, f), fclose(f);
    } else if (!strcmp(what, "directory")) {
      if (chdir(value) < 0) return 98;
    } else if (!strcmp(what, "alarm")) setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, number * 1000}}, NULL);
    else if (!strcmp(what, "group")) setpgid(0, 0);
    else if (!strcmp(what, "session")) {
      if (setsid() < 0) return 98;
    } else if (!strcmp(what, "child")) {  // a child that cb inherits: it ends with this code, after 200 ms
      if (fork() == 0) usleep(200000), _exit(number);
    } else if (!strcmp(what, "setenv")) putenv((char *)value);
    else return 97;
  }
  if (*argv) execvp(argv[1], argv + 1);
  return 96;
}

static int wait_for(char **argv) {
  sigset_t set;
  sigemptyset(&set);
  for (; *argv; argv++) sigaddset(&set, atoi(*argv));
  sigprocmask(SIG_BLOCK, &set, NULL);
  write(1, "ready\n", 6);
  for (;;) {
    siginfo_t info;
    struct timespec limit = {20, 0};
    int number = sigtimedwait(&set, &info, &limit);
    if (number < 0) return 1;
    char line[64];
    int length = snprintf(line, sizeof line, "got %d value %d\n", number, info.si_code == SI_QUEUE ? info.si_int : 0);
    if (write(1, line, (size_t)length) < 0) return 1;
    if (number == SIGTERM) return 0;
  }
}

// Without a shell for each, which would take longer than what is to meet.
static int herd(int count, char **argv) {
  FILE *codes = fopen("codes", "we");
  if (!codes) return 1;
  setvbuf(codes, NULL, _IOLBF, BUFSIZ);
  int status, started = 0;
  for (pid_t pid; started < count; started++)
    if ((errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ)) != 0) {
      perror("cb-probe: posix_spawnp");
      return 1;
    }
  while (started-- > 0 && wait(&status) > 0)
    fprintf(codes, "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "show")) return show(argc, argv);
  if (argc > 1 && !strcmp(argv[1], "with")) return with(argv + 2);
  if (argc > 3 && !strcmp(argv[1], "herd")) return herd(atoi(argv[2]), argv + 3);
  if (argc > 1 && !strcmp(argv[1], "wait")) return wait_for(argv + 2);
  fprintf(stderr, "cb-probe: show, with or wait\n");
  return 64;
}
