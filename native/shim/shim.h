// onggi-shim: the parent of one container or exec. It holds the process's stdio, writes its log, waits for its end
// and tells whoever is connected. One thread, one poll loop, no policy. README.md beside this file draws the protocol.
#ifndef ONGGI_SHIM_H
#define ONGGI_SHIM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
  LINE_LIMIT = 16 * 1024,     // a longer line is logged in pieces of this many bytes, as Docker does
  READ_SIZE = 64 * 1024,      // what one read of the process's output takes at most
  CLIENT_QUEUE = 256 * 1024,  // a client this far behind stops the reading of output
  MAX_CLIENTS = 128,
  MAX_LIST = 16,              // of each repeatable flag
  ERROR_LIMIT = 8 * 1024,     // of a runtime's own words
};

// Frame types. The header is Docker's: type, three zero bytes, the payload's length as a big-endian u32.
enum {
  FRAME_STDIN = 0, FRAME_STDOUT = 1, FRAME_STDERR = 2,
  FRAME_STARTED = 3, FRAME_EXITED = 4, FRAME_FAILED = 5, FRAME_SUBSCRIBED = 6,
  FRAME_CLOSE_STDIN = 16, FRAME_RESIZE = 17, FRAME_SUBSCRIBE = 18, FRAME_SIGNAL = 20,
};

// What a subscription wants.
enum { WANT_STDOUT = 1, WANT_STDERR = 2, WANT_RAW = 4 };

struct list {
  const char *items[MAX_LIST];
  int count;
};

struct options {
  const char *directory, *id, *runtime, *root, *bundle, *container, *process, *exit_file;
  const char *log_path, *log_attrs, *size;
  struct list hide, oom, cgroups, runtime_args;
  uint64_t generation, log_max_size, log_max_files, hold, attach;
  bool terminal, open_stdin, log_compress, sealed;
  int sealed_fd;  // the runtime as a sealed copy
};

extern struct options options;

// main.c
_Noreturn void fail_start(const char *text);
int64_t now_ms(void);
void put_time(char out[40], const struct timespec *at);  // RFC 3339 with nanoseconds as Go prints it
uint8_t *scratch(size_t offset);                         // memory that is given back while the shim idles
enum { SCRATCH_READ = 0, SCRATCH_LOG = LINE_LIMIT + READ_SIZE, SCRATCH_LOG_SIZE = 256 * 1024 };

// stdio.c
struct child_stdio { int in, out, err; };
void stdio_prepare(struct child_stdio *child);
const char *stdio_console_path(char out[48]);
bool stdio_started(void);                 // after the runtime has ended well; false: no terminal came
size_t stdio_error_text(char *out, size_t room);
size_t stdio_poll(struct pollfd *fds, bool started);  // appends what it waits for, returns how many
void stdio_ready(const struct pollfd *fds, size_t count);
size_t stdin_write(const uint8_t *data, size_t length);  // how much was taken
void stdin_close(void);
void stdio_resize(unsigned rows, unsigned columns);
bool stdio_never_ran(void);               // the runtime could not execute the program, and has said so on its stderr
void stdio_drain(void);                   // the process has ended: whatever it wrote is read, then the pipes are let go
int stdio_drain_wait_ms(void);            // 0 when done, else how long to wait at most

// log.c
void log_open(void);
void log_append(int stream, uint8_t *data, size_t length);  // LINE_LIMIT bytes before `data` are free to use
void log_end(int stream);
void log_flush(void);
uint64_t log_lost_lines(void);

// exit.c
struct outcome { pid_t pid; int code, signal; bool oom; struct timespec at; };
pid_t runtime_start(const struct child_stdio *child);
pid_t runtime_delete(void);
bool runtime_clear(void);  // what `delete` does, where that is known and little; false: nothing was touched, or not all of it gone
pid_t runtime_read_pid(unsigned long long *start_time);
size_t runtime_error(char out[ERROR_LIMIT]);
bool reap_runtime(pid_t pid, int *status);
bool reap_all(pid_t main_pid, struct outcome *outcome);
size_t exit_frame(struct outcome *outcome, char frame[160]);
void exit_record(const struct outcome *outcome, bool told);
void exit_record_sync(void);

// control.c
void control_listen(void);
void control_adopt(int fd, unsigned want);
size_t control_poll(struct pollfd *fds);
void control_ready(const struct pollfd *fds, size_t count);
void control_output(int stream, const uint8_t *data, size_t length);
void control_announce(int type, const char *text, size_t length);  // to all, and to those who come later
void control_end_output(void);
bool control_is_heard(void);  // somebody is told the news
bool control_leave(void);  // no new clients, each goes once it has everything; true when all are gone
bool control_behind(void);
bool control_owes(void);
void control_stdin_ready(void);
bool control_waits_for_stdin(void);

// main.c, for control.c
void signal_process(int number);

#endif
