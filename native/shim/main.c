// The flags, the set-up and the loop: starting -> running -> draining -> cleaning -> leaving.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL_FD = 3, ATTACH_FD = 4, IDLE_MS = 1000, FAREWELL_MS = 2000 };

struct options options;

static enum { STARTING, RUNNING, DRAINING, CLEANING, LEAVING } state;
static pid_t helper;  // the runtime while it starts or deletes
static struct outcome outcome;
static int signals;
static uint8_t *scratch_memory;
static bool scratch_touched;

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint8_t *scratch(size_t offset) {
  scratch_touched = true;
  return scratch_memory + offset;
}

_Noreturn void fail_start(const char *text) {
  control_announce(FRAME_FAILED, text, strlen(text));
  control_end_output();
  control_leave();
  _exit(1);
}

void signal_process(int number) {
  if (state == RUNNING) kill(outcome.pid, number);  // not waited for yet, so the pid is its own
}

struct flag {
  const char *name;
  const char **text;
  uint64_t *number;
  bool *on;
  struct list *list;
};

static const struct flag flags[] = {
    {"--dir", &options.directory, NULL, NULL, NULL},
    {"--id", &options.id, NULL, NULL, NULL},
    {"--runtime", &options.runtime, NULL, NULL, NULL},
    {"--root", &options.root, NULL, NULL, NULL},
    {"--run", &options.bundle, NULL, NULL, NULL},
    {"--exec", &options.container, NULL, NULL, NULL},
    {"--process", &options.process, NULL, NULL, NULL},
    {"--exit-file", &options.exit_file, NULL, NULL, NULL},
    {"--log", &options.log_path, NULL, NULL, NULL},
    {"--log-attrs", &options.log_attrs, NULL, NULL, NULL},
    {"--size", &options.size, NULL, NULL, NULL},
    {"--generation", NULL, &options.generation, NULL, NULL},
    {"--log-max-size", NULL, &options.log_max_size, NULL, NULL},
    {"--log-max-file", NULL, &options.log_max_files, NULL, NULL},
    {"--hold", NULL, &options.hold, NULL, NULL},
    {"--sealed", NULL, NULL, &options.sealed, NULL},
    {"--attach", NULL, &options.attach, NULL, NULL},
    {"--terminal", NULL, NULL, &options.terminal, NULL},
    {"--stdin", NULL, NULL, &options.open_stdin, NULL},
    {"--log-compress", NULL, NULL, &options.log_compress, NULL},
    {"--hide", NULL, NULL, NULL, &options.hide},
    {"--oom-file", NULL, NULL, NULL, &options.oom},
    {"--cgroup", NULL, NULL, NULL, &options.cgroups},
    {"--runtime-arg", NULL, NULL, NULL, &options.runtime_args},
};

static bool set_flag(const struct flag *flag, const char *value) {
  if (flag->text) *flag->text = value;
  if (flag->list) {
    if (flag->list->count == MAX_LIST) return false;
    flag->list->items[flag->list->count++] = value;
  }
  if (!flag->number) return true;
  char *end;
  errno = 0;
  *flag->number = strtoull(value, &end, 10);
  return errno == 0 && *end == 0 && end != value && value[0] != '-';
}

static void read_flags(char **args) {
  for (; *args; args++) {
    const struct flag *flag = NULL;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && !flag; i++)
      if (strcmp(*args, flags[i].name) == 0) flag = &flags[i];
    if (flag && flag->on) *flag->on = true;
    else if (!flag || !args[1] || !set_flag(flag, *++args)) goto wrong;
  }
  if (options.directory && options.id && options.runtime && !options.bundle == !!options.container &&
      !options.container == !options.process)
    return;
wrong:
  dprintf(2, "usage: onggi-shim --dir DIR --id ID --runtime PATH (--run BUNDLE | --exec CONTAINER --process FILE) ...\n");
  exit(2);
}

static unsigned first_hold(void) { return CONTROL_FD + 1 + (options.attach ? 1 : 0); }

static void settle(void) {
  const int ignored[] = {SIGHUP, SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGXFSZ};
  for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) signal(ignored[i], SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  unsigned end = first_hold() + (unsigned)options.hold + (options.sealed ? 1 : 0);
  close_range(end, ~0U, 0);
  for (unsigned fd = first_hold(); fd < end; fd++) fcntl((int)fd, F_SETFD, FD_CLOEXEC);
  if (options.sealed) options.sealed_fd = (int)end - 1;
  if (fcntl(CONTROL_FD, F_GETFD) >= 0) control_adopt(CONTROL_FD, 0);
  if (options.attach) control_adopt(ATTACH_FD, (unsigned)options.attach);
  signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  scratch_memory = mmap(NULL, SCRATCH_LOG + SCRATCH_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (signals < 0 || scratch_memory == MAP_FAILED) fail_start("onggi-shim: out of memory or descriptors");
  if (chdir(options.directory) < 0) fail_start("onggi-shim: cannot enter its directory");
}

static void release_holds(void) {
  for (unsigned fd = first_hold(); fd < first_hold() + options.hold; fd++) close((int)fd);
  options.hold = 0;
}

static void start_failed(void) {
  char text[ERROR_LIMIT];
  size_t length = runtime_error(text);
  if (options.bundle) {
    pid_t pid = runtime_delete();
    if (pid > 0) waitpid(pid, NULL, 0);
  }
  release_holds();
  control_announce(FRAME_FAILED, text, length);
  control_end_output();
  state = LEAVING;
}

static void start_ended(int status) {
  unsigned long long start_time = 0;
  char text[96], at[40];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (status != 0 || !stdio_started() || (outcome.pid = runtime_read_pid(&start_time)) < 0) {
    start_failed();
    return;
  }
  state = RUNNING;
  put_time(at, &now);
  int n = snprintf(text, sizeof text, "%d %llu %s", outcome.pid, start_time, at);
  control_announce(FRAME_STARTED, text, (size_t)n);
}

static void children_ended(void) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {}
  int status;
  if ((state == STARTING || state == CLEANING) && reap_runtime(helper, &status)) {
    if (state == STARTING) start_ended(status);
    else state = LEAVING;
  }
  if (state == STARTING) return;  // its pid is not known yet: nobody else is waited for
  if (reap_all(state == RUNNING ? outcome.pid : -1, &outcome)) {
    state = DRAINING;
    stdio_drain();
  }
}

static void process_ended(void) {
  char frame[160];
  log_flush();
  release_holds();
  size_t length = exit_frame(&outcome, frame);
  control_announce(FRAME_EXITED, frame, length);
  control_end_output();
  exit_record(&outcome, control_is_heard());  // while the engine takes down what the process had
  state = LEAVING;
  if (options.bundle && !runtime_clear() && (helper = runtime_delete()) > 0) state = CLEANING;
}

static int wait_ms(void) {
  if (state == DRAINING) return stdio_drain_wait_ms();
  if (state == LEAVING && !control_owes()) return FAREWELL_MS;  // for those who do not close their end
  return scratch_touched ? IDLE_MS : -1;
}

static void loop(void) {
  struct pollfd fds[MAX_CLIENTS + 8];
  for (;;) {
    int timeout = wait_ms();
    if (state == DRAINING && timeout == 0) {
      process_ended();
      continue;
    }
    if (state == LEAVING && control_leave()) return;
    fds[0] = (struct pollfd){signals, POLLIN, 0};
    size_t of_clients = control_poll(fds + 1);
    size_t of_stdio = state <= DRAINING ? stdio_poll(fds + 1 + of_clients, state != STARTING) : 0;
    int ready = poll(fds, 1 + of_clients + of_stdio, timeout);
    if (ready == 0 && state == LEAVING && !control_owes()) return;
    if (ready == 0 && state != DRAINING) {
      madvise(scratch_memory, SCRATCH_LOG + SCRATCH_LOG_SIZE, MADV_DONTNEED);
      scratch_touched = false;
    }
    if (ready <= 0) continue;
    control_ready(fds + 1, of_clients);
    stdio_ready(fds + 1 + of_clients, of_stdio);
    if (fds[0].revents) children_ended();
  }
}

int main(int argc, char **argv) {
  (void)argc;
  struct child_stdio child;
  read_flags(argv + 1);
  settle();
  control_listen();
  log_open();
  stdio_prepare(&child);
  helper = runtime_start(&child);
  if (helper < 0) fail_start("onggi-shim: cannot start the runtime");
  close(child.err);
  if (child.out != child.err) close(child.out);
  if (child.in != child.out) close(child.in);
  loop();
  exit_record_sync();
  return state == LEAVING && outcome.pid > 0 ? 0 : 1;
}
