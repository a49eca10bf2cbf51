// The process's stdio: pipes, or the master of its terminal. Reading stops while a client is too far behind.
#include "shim.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  PIPE_SIZE = 256 * 1024,
  // After the end of the process others may still hold its pipes (a child in the background, the host's pid
  // namespace). What was in the pipes at that moment is always read; what comes later only within these bounds.
  DRAIN_IDLE_MS = 300,
  DRAIN_TOTAL_MS = 2000,
};

struct output {
  int fd, stream;
  size_t must_read;  // bytes that were there when the process ended
};

static struct output outputs[2] = {{-1, FRAME_STDOUT, 0}, {-1, FRAME_STDERR, 0}};
static int input = -1, console_listener = -1, terminal_peer = -1;
static int64_t drain_started, last_data;
static bool spoken, never_ran;

static void make_pipe(int *ours, int *theirs, bool read_ours) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) fail_start("onggi-shim: cannot make a pipe");
  *ours = ends[read_ours ? 0 : 1];
  *theirs = ends[read_ours ? 1 : 0];
  fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static void console_listen(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "console.sock"};
  unlink(address.sun_path);
  console_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (console_listener < 0 || bind(console_listener, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(console_listener, 1) < 0)
    fail_start("onggi-shim: cannot listen for the terminal");
}

// Short and absolute however long the directory's own path is (a socket's path has 107 bytes at most).
const char *stdio_console_path(char out[48]) {
  if (console_listener < 0) return NULL;
  snprintf(out, 48, "/proc/%d/cwd/console.sock", getpid());
  return out;
}

// Input that is at its end. An exec gets this and not /dev/null, since crun gives an exec's streams to the container's
// user: the host's own /dev/null would be his, with the right to change its mode.
static int no_input(void) {
  if (options.bundle) return open("/dev/null", O_RDWR | O_CLOEXEC);
  int ours, theirs;
  make_pipe(&ours, &theirs, false);
  close(ours);
  return theirs;
}

void stdio_prepare(struct child_stdio *child) {
  int none = no_input();
  *child = (struct child_stdio){none, none, none};
  make_pipe(&outputs[1].fd, &child->err, true);
  if (options.terminal) {
    console_listen();
    return;
  }
  make_pipe(&outputs[0].fd, &child->out, true);
  for (int i = 0; i < 2; i++) fcntl(outputs[i].fd, F_SETPIPE_SZ, PIPE_SIZE);
  if (options.open_stdin) make_pipe(&input, &child->in, false);
}

static int receive_descriptor(int socket) {
  char byte[64];
  union { struct cmsghdr align; char bytes[CMSG_SPACE(4 * sizeof(int))]; } control;
  struct iovec io = {byte, sizeof byte};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct pollfd wait = {socket, POLLIN, 0};
  if (poll(&wait, 1, 1000) != 1 || recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
  struct cmsghdr *first = CMSG_FIRSTHDR(&message);
  if (!first || first->cmsg_level != SOL_SOCKET || first->cmsg_type != SCM_RIGHTS || first->cmsg_len < CMSG_LEN(sizeof(int))) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(first), sizeof fd);
  return fd;
}

static void console_receive(void) {
  int socket = accept4(console_listener, NULL, NULL, SOCK_CLOEXEC);
  int master = socket < 0 ? -1 : receive_descriptor(socket);
  if (socket >= 0) close(socket);
  close(console_listener);
  console_listener = -1;
  unlink("console.sock");
  if (master < 0) return;
  fcntl(master, F_SETFL, O_NONBLOCK);
  // Holding the other end open keeps a process that closes its terminal and opens it again from looking like its end.
  terminal_peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  outputs[0].fd = master;
  input = options.open_stdin ? master : -1;
  unsigned rows, columns;
  if (options.size && sscanf(options.size, "%ux%u", &rows, &columns) == 2) stdio_resize(rows, columns);
}

bool stdio_started(void) {
  if (!options.terminal) return true;
  if (console_listener >= 0) console_receive();
  close(outputs[1].fd);  // was the runtime's own
  outputs[1].fd = -1;
  return outputs[0].fd >= 0;
}

size_t stdio_error_text(char *out, size_t room) {
  ssize_t n = outputs[1].fd < 0 ? 0 : read(outputs[1].fd, out, room);
  return n > 0 ? (size_t)n : 0;
}

size_t stdio_poll(struct pollfd *fds, bool started) {
  size_t count = 0;
  if (!started) {
    if (console_listener >= 0) fds[count++] = (struct pollfd){console_listener, POLLIN, 0};
    return count;
  }
  for (int i = 0; i < 2; i++) {
    bool wanted = outputs[i].fd >= 0 && (outputs[i].must_read > 0 || !control_behind());
    if (wanted) fds[count++] = (struct pollfd){outputs[i].fd, POLLIN, 0};
  }
  if (input >= 0 && control_waits_for_stdin()) fds[count++] = (struct pollfd){input, POLLOUT, 0};
  return count;
}

static void end_output(struct output *output) {
  log_end(output->stream);
  if (input == output->fd) input = -1;
  close(output->fd);
  output->fd = -1;
}

// When the program cannot be executed, crun says so where the process would have written, as a line of JSON. Docker's
// users know it as `exec /bin/x: exec format error`. Shorter than what it replaces; returns the new length.
static size_t plain_complaint(char *text, size_t length) {
  static const char mark[] = "{\"msg\":\"exec container process";
  char *begin = memmem(text, length < 64 ? length : 64, mark, sizeof mark - 1);
  char *path = begin ? memchr(begin, '`', (size_t)(text + length - begin)) : NULL;
  char *reason = path ? memmem(path, (size_t)(text + length - path), "`: ", 3) : NULL;
  char *end = reason ? memmem(reason, (size_t)(text + length - reason), "\",\"level\"", 9) : NULL;
  if (!end || spoken) return length;
  never_ran = true;
  size_t path_length = (size_t)(reason - path - 1), reason_length = (size_t)(end - reason - 3);
  reason[3] |= 0x20;
  memcpy(text, "exec ", 5);
  memmove(text + 5, path + 1, path_length);
  memmove(text + 5 + path_length, ": ", 2);
  memmove(text + 7 + path_length, reason + 3, reason_length);
  const char *newline = options.terminal ? "\r\n" : "\n";
  length = 7 + path_length + reason_length + strlen(newline);
  memcpy(text + length - strlen(newline), newline, strlen(newline));
  return length;
}

bool stdio_never_ran(void) { return never_ran; }

static void read_output(struct output *output) {
  uint8_t *data = scratch(SCRATCH_READ) + LINE_LIMIT;
  ssize_t n = read(output->fd, data, READ_SIZE);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    output->must_read = 0;
    return;
  }
  if (n <= 0) {  // a terminal that nobody has open says EIO
    end_output(output);
    return;
  }
  output->must_read -= (size_t)n < output->must_read ? (size_t)n : output->must_read;
  last_data = now_ms();
  n = (ssize_t)plain_complaint((char *)data, (size_t)n);
  spoken = true;
  control_output(output->stream, data, (size_t)n);
  log_append(output->stream, data, (size_t)n);
}

void stdio_ready(const struct pollfd *fds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!fds[i].revents) continue;
    if (fds[i].fd == console_listener) {
      console_receive();
      continue;
    }
    if (fds[i].events == POLLOUT) {
      control_stdin_ready();
      continue;
    }
    for (int k = 0; k < 2; k++)
      if (outputs[k].fd == fds[i].fd) read_output(&outputs[k]);
  }
}

size_t stdin_write(const uint8_t *data, size_t length) {
  if (input < 0) return length;
  ssize_t n = write(input, data, length);
  if (n >= 0) return (size_t)n;
  if (errno == EAGAIN || errno == EINTR) return 0;
  stdin_close();
  return length;
}

void stdin_close(void) {
  if (input >= 0 && input != outputs[0].fd) close(input);
  if (input != outputs[0].fd) input = -1;  // a terminal has no end of input to give
}

void stdio_resize(unsigned rows, unsigned columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (options.terminal && outputs[0].fd >= 0) ioctl(outputs[0].fd, TIOCSWINSZ, &size);
}

void stdio_drain(void) {
  drain_started = last_data = now_ms();
  if (terminal_peer >= 0) close(terminal_peer);
  if (input >= 0 && input != outputs[0].fd) close(input);
  input = terminal_peer = -1;
  for (int i = 0; i < 2; i++) {
    int waiting = 0;
    if (outputs[i].fd >= 0 && ioctl(outputs[i].fd, FIONREAD, &waiting) == 0) outputs[i].must_read = (size_t)waiting;
  }
}

int stdio_drain_wait_ms(void) {
  if (outputs[0].fd < 0 && outputs[1].fd < 0) return 0;
  int64_t now = now_ms(), end = drain_started + DRAIN_TOTAL_MS;
  bool owed = outputs[0].must_read > 0 || outputs[1].must_read > 0;
  if (last_data + DRAIN_IDLE_MS < end) end = last_data + DRAIN_IDLE_MS;
  if (owed) return DRAIN_IDLE_MS;
  if (now < end) return (int)(end - now);
  for (int i = 0; i < 2; i++)
    if (outputs[i].fd >= 0) end_output(&outputs[i]);
  return 0;
}
