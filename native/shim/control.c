// Clients on the control socket and on the inherited descriptors. The first to come are told how things stand.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { INPUT_SIZE = 16 * 1024, HEADER = 8, SMALL_PAYLOAD = 64 };

struct client {
  int fd;
  unsigned want;         // 0 until it subscribes; from then on it gets output and nothing else
  bool waits_for_stdin;  // the process does not read: this client's frames stay where they are
  bool last;             // nothing more comes for it: it sees the end once its queue is empty
  uint32_t stdin_left;   // of a stdin frame that is half taken
  uint8_t *input, *queue;
  size_t input_length, queue_start, queue_length, queue_room;
};

static struct client clients[MAX_CLIENTS];
static int client_count, listener = -1;
static bool leaving, output_ended;
static struct { int type; char text[ERROR_LIMIT]; size_t length; } news[2];
static int news_count;

void control_listen(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control.sock"};
  unlink(address.sun_path);
  mode_t before = umask(0177);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 64) < 0)
    fail_start("onggi-shim: cannot listen on control.sock");
  umask(before);
}

static void drop(struct client *c) {
  close(c->fd);
  free(c->input);
  free(c->queue);
  *c = (struct client){.fd = -1};
}

// Dropped clients leave holes, closed here so that no loop over clients sees one move.
static void close_ranks(void) {
  int kept = 0;
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0) clients[kept++] = clients[i];
  client_count = kept;
}

static void flush(struct client *c) {
  while (c->queue_length > 0) {
    ssize_t n = send(c->fd, c->queue + c->queue_start, c->queue_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) {
      drop(c);
      return;
    }
    if (n <= 0) return;
    c->queue_start += (size_t)n;
    c->queue_length -= (size_t)n;
  }
  free(c->queue);
  c->queue = NULL;
  c->queue_start = c->queue_room = 0;
  if (c->last) shutdown(c->fd, SHUT_WR);  // closed when it closes: data it has sent would turn the end into an error
}

static void enqueue(struct client *c, const uint8_t *data, size_t length) {
  if (c->queue_start + c->queue_length + length > c->queue_room) {
    if (c->queue_start > 0) memmove(c->queue, c->queue + c->queue_start, c->queue_length);
    c->queue_start = 0;
    size_t room = c->queue_room ? c->queue_room : 4096;
    while (room < c->queue_length + length) room *= 2;
    uint8_t *bigger = realloc(c->queue, room);
    if (!bigger) {
      drop(c);
      return;
    }
    c->queue = bigger;
    c->queue_room = room;
  }
  memcpy(c->queue + c->queue_start + c->queue_length, data, length);
  c->queue_length += length;
}

static void deliver(struct client *c, int type, const void *data, size_t length) {
  uint8_t header[HEADER] = {(uint8_t)type, 0, 0, 0, (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
  bool raw = (c->want & WANT_RAW) != 0;
  struct iovec parts[2] = {{header, raw ? 0 : HEADER}, {(void *)(uintptr_t)data, length}};
  size_t sent = 0;
  if (c->queue_length == 0) {
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      drop(c);
      return;
    }
    sent = n > 0 ? (size_t)n : 0;
  }
  if (sent < parts[0].iov_len) enqueue(c, header + sent, parts[0].iov_len - sent);
  size_t done = sent > parts[0].iov_len ? sent - parts[0].iov_len : 0;
  if (c->fd >= 0 && done < length) enqueue(c, (const uint8_t *)data + done, length - done);
}

void control_output(int stream, const uint8_t *data, size_t length) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0 && (clients[i].want & (unsigned)stream)) deliver(&clients[i], stream, data, length);
}

void control_announce(int type, const char *text, size_t length) {
  if (news_count < 2) {
    news[news_count].type = type;
    news[news_count].length = length < ERROR_LIMIT ? length : ERROR_LIMIT;
    memcpy(news[news_count++].text, text, length < ERROR_LIMIT ? length : ERROR_LIMIT);
  }
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0 && !clients[i].want) deliver(&clients[i], type, text, length);
}

bool control_is_heard(void) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0 && !clients[i].want) return true;
  return false;
}

static void finish(struct client *c) {
  bool before = c->last;
  c->last = true;
  if (!before) flush(c);
}

void control_end_output(void) {
  output_ended = true;
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0 && clients[i].want) finish(&clients[i]);
}

bool control_leave(void) {
  if (!leaving) {
    leaving = true;
    if (listener >= 0) close(listener);
    listener = -1;
    unlink("control.sock");
    for (int i = 0; i < client_count; i++)
      if (clients[i].fd >= 0) finish(&clients[i]);
  }
  close_ranks();
  return client_count == 0;
}

bool control_behind(void) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].queue_length > CLIENT_QUEUE) return true;
  return false;
}

bool control_owes(void) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].queue_length > 0) return true;
  return false;
}

bool control_waits_for_stdin(void) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].waits_for_stdin) return true;
  return false;
}

static void subscribe(struct client *c, unsigned want) {
  deliver(c, FRAME_SUBSCRIBED, "", 0);
  c->want = want & (WANT_STDOUT | WANT_STDERR) ? want : want | WANT_STDOUT | WANT_STDERR;
  if (output_ended) finish(c);
}

void control_adopt(int fd, unsigned want) {
  if (client_count == MAX_CLIENTS) {
    close(fd);
    return;
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  struct client *c = &clients[client_count++];
  *c = (struct client){.fd = fd, .want = want};
  for (int i = 0; i < news_count && c->fd >= 0 && !want; i++) deliver(c, news[i].type, news[i].text, news[i].length);
}

// One whole frame other than stdin; false where the client does not speak the protocol.
static bool obey(struct client *c, int type, const uint8_t *payload, size_t length) {
  char text[SMALL_PAYLOAD + 1];
  unsigned a = 0, b = 0;
  memcpy(text, payload, length);
  text[length] = 0;
  switch (type) {
    case FRAME_CLOSE_STDIN: stdin_close(); return true;
    case FRAME_RESIZE:
      if (sscanf(text, "%5u %5u", &a, &b) == 2 && a <= 0xffff && b <= 0xffff) stdio_resize(a, b);
      return true;
    case FRAME_SUBSCRIBE: subscribe(c, length ? payload[0] : 0); return true;
    case FRAME_SIGNAL:
      if (sscanf(text, "%3u", &a) == 1 && a >= 1 && a <= 64) signal_process((int)a);
      return true;
    default: return false;
  }
}

// Takes the next thing out of the client's input; returns its length, 0 when more must come first, -1 on nonsense.
static ssize_t take(struct client *c, const uint8_t *data, size_t length) {
  if (c->stdin_left > 0) {
    size_t part = length < c->stdin_left ? length : c->stdin_left;
    size_t taken = part ? stdin_write(data, part) : 0;
    c->stdin_left -= (uint32_t)taken;
    c->waits_for_stdin = taken < part;
    return (ssize_t)taken;
  }
  if (length < HEADER) return 0;
  if (data[1] | data[2] | data[3]) return -1;
  uint32_t payload = (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
  if (data[0] == FRAME_STDIN) {
    c->stdin_left = payload;
    return HEADER;
  }
  if (payload > SMALL_PAYLOAD) return -1;
  if (length < HEADER + payload) return 0;
  return obey(c, data[0], data + HEADER, payload) ? (ssize_t)(HEADER + payload) : -1;
}

static void work_off_input(struct client *c) {
  size_t done = 0;
  c->waits_for_stdin = false;
  while (c->fd >= 0 && !c->waits_for_stdin && done < c->input_length) {
    ssize_t n = take(c, c->input + done, c->input_length - done);
    if (c->fd < 0) return;
    if (n < 0) {
      drop(c);
      return;
    }
    if (n == 0) break;
    done += (size_t)n;
  }
  c->input_length -= done;
  memmove(c->input, c->input + done, c->input_length);
  if (c->input_length > 0) return;
  free(c->input);
  c->input = NULL;
}

static void receive(struct client *c) {
  if (!c->input) c->input = malloc(INPUT_SIZE);
  ssize_t n = c->input ? recv(c->fd, c->input + c->input_length, INPUT_SIZE - c->input_length, MSG_DONTWAIT) : -1;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    drop(c);
    return;
  }
  c->input_length += (size_t)n;
  work_off_input(c);
}

void control_stdin_ready(void) {
  for (int i = 0; i < client_count; i++)
    if (clients[i].fd >= 0 && clients[i].waits_for_stdin) work_off_input(&clients[i]);
}

size_t control_poll(struct pollfd *fds) {
  size_t count = 0;
  close_ranks();
  for (int i = 0; i < client_count; i++) {
    const struct client *c = &clients[i];
    short events = (short)((c->waits_for_stdin ? 0 : POLLIN) | (c->queue_length ? POLLOUT : 0));
    fds[count++] = (struct pollfd){c->fd, events, 0};
  }
  if (listener >= 0 && client_count < MAX_CLIENTS) fds[count++] = (struct pollfd){listener, POLLIN, 0};
  return count;
}

void control_ready(const struct pollfd *fds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!fds[i].revents) continue;
    if (fds[i].fd == listener) {
      int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd >= 0) control_adopt(fd, 0);
      continue;
    }
    struct client *c = &clients[i];  // the order of control_poll
    if (c->fd != fds[i].fd) continue;
    if (fds[i].revents & POLLOUT) flush(c);
    if (c->fd >= 0 && (fds[i].revents & POLLIN)) receive(c);
    else if (c->fd >= 0 && (fds[i].revents & (POLLHUP | POLLERR))) drop(c);
  }
}
