// The runtime and the ends: starting it, waiting for what it started, the exit record, the clean-up.
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ARGS = 2 * MAX_LIST + 24 };

static char oom_score[16];

// The shim is the last that memory pressure should end; the container gets back what the engine had.
static void set_oom_score(const char *text) {
  int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  if (oom_score[0] == 0 && read(fd, oom_score, sizeof oom_score - 1) < 0) oom_score[0] = 0;
  (void)!pwrite(fd, text, strlen(text), 0);
  close(fd);
}

static void hide_paths(void) {
  if (options.hide.count == 0) return;
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
    dprintf(2, "onggi-shim: cannot make a mount namespace for the runtime: %s\n", strerror(errno));
    _exit(1);
  }
  for (int i = 0; i < options.hide.count; i++) umount2(options.hide.items[i], MNT_DETACH);
}

_Noreturn static void become_runtime(const char **args, const struct child_stdio *stdio) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (oom_score[0]) set_oom_score(oom_score);
  dup2(stdio->in, 0);
  dup2(stdio->out, 1);
  dup2(stdio->err, 2);
  hide_paths();
  // crun and runc would copy themselves out of the container's reach and begin again: a sealed copy spares them that.
  if (options.sealed) execveat(options.sealed_fd, "", (char *const *)args, environ, AT_EMPTY_PATH);
  execvp(args[0], (char *const *)args);
  dprintf(2, "onggi-shim: cannot run %s: %s\n", args[0], strerror(errno));
  _exit(127);
}

static pid_t spawn(const char **args, const struct child_stdio *stdio) {
  pid_t pid = fork();
  if (pid == 0) become_runtime(args, stdio);
  return pid;
}

static int global_args(const char **args, const char *log) {
  int n = 0;
  args[n++] = options.runtime;
  for (int i = 0; i < options.runtime_args.count; i++) args[n++] = options.runtime_args.items[i];
  const char *pairs[][2] = {{"--root", options.root}, {"--log", log}, {"--log-format", log ? "json" : NULL}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (!pairs[i][1]) continue;
    args[n++] = pairs[i][0];
    args[n++] = pairs[i][1];
  }
  return n;
}

static void in_directory(char out[4096], const char *name) { snprintf(out, 4096, "%s/%s", options.directory, name); }

pid_t runtime_start(const struct child_stdio *child) {
  static char log[4096], pid_file[4096], console[48];
  set_oom_score("-999");
  in_directory(log, "runtime.log");
  in_directory(pid_file, "pid");
  unlink(log);
  unlink(pid_file);
  const char *args[MAX_ARGS];
  int n = global_args(args, log);
  args[n++] = options.bundle ? "run" : "exec";
  args[n++] = "--detach";
  args[n++] = "--pid-file";
  args[n++] = pid_file;
  if (stdio_console_path(console)) {
    args[n++] = "--console-socket";
    args[n++] = console;
  }
  args[n++] = options.bundle ? "--bundle" : "--process";
  args[n++] = options.bundle ? options.bundle : options.process;
  args[n++] = options.bundle ? options.id : options.container;
  args[n] = NULL;
  return spawn(args, child);
}

pid_t runtime_delete(void) {
  const char *args[MAX_ARGS];
  int null = open("/dev/null", O_RDWR | O_CLOEXEC), n = global_args(args, NULL);
  struct child_stdio stdio = {null, null, null};
  args[n++] = "delete";
  args[n++] = "--force";
  args[n++] = options.id;
  args[n] = NULL;
  pid_t pid = spawn(args, &stdio);
  close(null);
  return pid;
}

static bool holds_files_only(DIR *folder) {
  for (struct dirent *entry; (entry = readdir(folder));) {
    bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (!dots && entry->d_type != DT_REG) return false;
  }
  rewinddir(folder);
  return true;
}

bool runtime_clear(void) {
  if (options.cgroups.count == 0) return false;
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", options.root, options.id) >= (int)sizeof path) return false;
  DIR *folder = opendir(path);
  if (!folder) return false;
  int gone = 0;
  bool cleared = holds_files_only(folder);
  // one that still holds a process, or groups of the container's own, cannot go like this
  for (int i = 0; cleared && i < options.cgroups.count; i++) {
    if (rmdir(options.cgroups.items[i]) == 0) gone++;
    else cleared = errno == ENOENT;
  }
  cleared = cleared && gone > 0;  // none was there: they are elsewhere
  for (struct dirent *entry; cleared && (entry = readdir(folder));)
    if (entry->d_type == DT_REG) unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  return cleared && rmdir(path) == 0;
}

static ssize_t read_whole(const char *path, char *out, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, out, room - 1);
  close(fd);
  if (n >= 0) out[n] = 0;
  return n;
}

// The pid from the runtime's file, and its start time in clock ticks (field 22 of /proc/PID/stat). It is not waited
// for yet, so that even one that has ended already is still there to look at.
pid_t runtime_read_pid(unsigned long long *start_time) {
  char text[1024], path[40];
  if (read_whole("pid", text, sizeof text) <= 0) return -1;
  long pid = strtol(text, NULL, 10);
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  if (pid <= 1 || read_whole(path, text, sizeof text) <= 0) return -1;
  char *field = strrchr(text, ')');
  for (int i = 3; field && i <= 22; i++) field = strchr(field + 1, ' ');
  *start_time = field ? strtoull(field + 1, NULL, 10) : 0;
  unlink("pid");
  unlink("runtime.log");
  return (pid_t)pid;
}

// What the runtime said about its failure: its log, then its stderr.
size_t runtime_error(char out[ERROR_LIMIT]) {
  ssize_t n = read_whole("runtime.log", out, ERROR_LIMIT);
  size_t length = n > 0 ? (size_t)n : 0;
  length += stdio_error_text(out + length, ERROR_LIMIT - length);
  unlink("runtime.log");
  unlink("pid");
  return length;
}

bool reap_runtime(pid_t pid, int *status) {
  pid_t got;
  do got = waitpid(pid, status, WNOHANG);
  while (got < 0 && errno == EINTR);
  if (got < 0) *status = 255 << 8;
  return got != 0;
}

// Waits for every child that has ended: orphans of the host's pid namespace come to the shim too.
bool reap_all(pid_t main_pid, struct outcome *outcome) {
  int status;
  bool ended = false;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != main_pid) continue;
    clock_gettime(CLOCK_REALTIME, &outcome->at);
    outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    outcome->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    ended = true;
  }
  return ended;
}

// v1 memory.oom_control and v2 memory.events both have a line `oom_kill N`.
static bool killed_for_memory(void) {
  for (int i = 0; i < options.oom.count; i++) {
    char text[1024] = "\n", *line;
    if (read_whole(options.oom.items[i], text + 1, sizeof text - 1) > 0 && (line = strstr(text, "\noom_kill ")) &&
        strtoull(line + 10, NULL, 10) > 0)
      return true;
  }
  return false;
}

size_t exit_frame(struct outcome *outcome, char frame[160]) {
  char at[40];
  outcome->oom = killed_for_memory();
  if (stdio_never_ran() && outcome->code == 1) outcome->code = 255;  // as Docker's runtime has it
  put_time(at, &outcome->at);
  return (size_t)snprintf(frame, 160, "%llu %d %d %d %s %llu", (unsigned long long)options.generation, outcome->code,
                          outcome->signal, outcome->oom, at, (unsigned long long)log_lost_lines());
}

static int record_fd = -1;

// Nobody was told: then the record alone knows, and must be on the disk under its name. Otherwise the engine stores the
// exit too, and need not wait for the disk: `exit_record_sync` sees to that in the end.
void exit_record(const struct outcome *outcome, bool told) {
  char at[40], json[256], temporary[4096];
  if (!options.exit_file) return;
  put_time(at, &outcome->at);
  int n = snprintf(json, sizeof json,
                   "{\"generation\":%llu,\"pid\":%d,\"exitCode\":%d,\"signal\":%d,\"oom\":%s,\"finishedAt\":\"%s\",\"lostLines\":%llu}\n",
                   (unsigned long long)options.generation, outcome->pid, outcome->code, outcome->signal,
                   outcome->oom ? "true" : "false", at, (unsigned long long)log_lost_lines());
  snprintf(temporary, sizeof temporary, "%s.tmp", options.exit_file);
  record_fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (record_fd < 0) return;
  bool whole = write(record_fd, json, (size_t)n) == n && (told || fdatasync(record_fd) == 0);
  if (!whole || rename(temporary, options.exit_file) < 0) unlink(temporary);
}

void exit_record_sync(void) {
  if (record_fd >= 0) fdatasync(record_fd);
}
