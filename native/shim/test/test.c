// Tests of the log and of the control protocol, for `make test` (AddressSanitizer, UBSan). The parts under test are
// included whole, so that their statics can be looked at; what they call is replaced below. Random, but the same each time.
#include "../log.c"

#define drop control_drop
#define flush control_flush
#include "../control.c"
#undef drop
#undef flush

#include <assert.h>
#include <signal.h>
#include <sys/resource.h>

struct options options;
static uint8_t memory[SCRATCH_LOG + SCRATCH_LOG_SIZE];
static uint64_t seed = 88172645463325252ULL, stdin_taken, stdin_closed, signals_sent;
static char folder[] = "/tmp/onggi-shim-test-XXXXXX";

uint8_t *scratch(size_t offset) { return memory + offset; }
_Noreturn void fail_start(const char *text) {
  fprintf(stderr, "%s\n", text);
  abort();
}
void signal_process(int number) {
  assert(number >= 1 && number <= 64);
  signals_sent++;
}
void stdin_close(void) { stdin_closed++; }
void stdio_resize(unsigned rows, unsigned columns) { assert(rows <= 0xffff && columns <= 0xffff); }

static uint32_t random_below(uint32_t bound) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)((seed >> 11) % bound);
}

size_t stdin_write(const uint8_t *data, size_t length) {
  uint8_t sum = 0;
  for (size_t i = 0; i < length; i++) sum ^= data[i];  // the sanitizer sees each byte read
  size_t taken = random_below(4) == 0 ? random_below((uint32_t)length + 1) : length;
  stdin_taken += taken + (sum & 0);
  return taken;
}

static char *slurp(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY);
  assert(fd >= 0);
  struct stat info;
  fstat(fd, &info);
  char *text = malloc((size_t)info.st_size + 1);
  *length = (size_t)read(fd, text, (size_t)info.st_size);
  text[*length] = 0;
  close(fd);
  return text;
}

static void begin_log(const char *name, uint64_t max_size, uint64_t max_files, const char *attrs) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  options = (struct options){.log_path = path, .log_max_size = max_size, .log_max_files = max_files, .log_attrs = attrs};
  if (log_fd >= 0) close(log_fd);
  memset(unfinished, 0, sizeof unfinished);
  lost_lines = 0;
  used = 0;
  log_open();
}

static void feed(int stream, const uint8_t *bytes, size_t length) {
  memcpy(memory + LINE_LIMIT, bytes, length);
  log_append(stream, memory + LINE_LIMIT, length);
}

static void test_escapes(void) {
  static const struct { const char *in, *out; } cases[] = {
      {"plain text that is longer than one vector\n", "plain text that is longer than one vector\\n"},
      {"\"\\<>&\r\t\b\x01\x7f\n", "\\\"\\\\\\u003c\\u003e\\u0026\\r\\u0009\\u0008\\u0001\x7f\\n"},
      {"0123456789abcde\"0123456789abcdef&\n", "0123456789abcde\\\"0123456789abcdef\\u0026\\n"},
      {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\n", "\\u2028\\u2029\xe2\x80\xaa\\n"},
      {"\xed\x95\x9c\xf0\x9f\x98\x80\n", "\xed\x95\x9c\xf0\x9f\x98\x80\\n"},
      {"\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80\xff\xe2\x80\n", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\n"},
      {"\n", "\\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin_log("escapes", 0, 1, NULL);
    size_t length;
    feed(FRAME_STDERR, (const uint8_t *)cases[i].in, strlen(cases[i].in));
    char *text = slurp(options.log_path, &length), wanted[512];
    int n = snprintf(wanted, sizeof wanted, "{\"log\":\"%s\",\"stream\":\"stderr\",\"time\":\"", cases[i].out);
    assert(strncmp(text, wanted, (size_t)n) == 0);
    assert(strcmp(text + length - 4, "Z\"}\n") == 0);
    free(text);
    unlink(options.log_path);
  }
}

// The times may differ, all else must not.
static void blank_times(char *text) {
  for (char *at = text; (at = strstr(at, ",\"time\":\""));) {
    for (at += 9; *at != '"'; at++) *at = 't';
  }
}

static size_t without_times(char *text) {
  char *out = text;
  blank_times(text);
  for (char *in = text; *in; in++)
    if (in[0] != 't' || in[1] != 't') *out++ = *in;
  *out = 0;
  return (size_t)(out - text);
}

static size_t random_output(uint8_t *bytes, size_t room) {
  size_t length = random_below((uint32_t)room);
  unsigned kind = random_below(4);
  for (size_t i = 0; i < length; i++) {
    if (kind == 0) bytes[i] = (uint8_t)random_below(256);
    else if (kind == 1) bytes[i] = random_below(50) ? 'a' + (uint8_t)random_below(26) : '\n';
    else if (kind == 2) bytes[i] = random_below(30000) ? 'x' : '\n';
    else bytes[i] = (uint8_t)("\xe2\x80\xa8\xed\x95\x9c\n\"<\xf0\x9f\x98\x80"[random_below(13)]);
  }
  return length;
}

// However the output is cut into reads, the log is the same.
static void test_chunking(void) {
  enum { SIZE = 60000 };
  static uint8_t bytes[SIZE];
  for (int round = 0; round < 60; round++) {
    size_t length = random_output(bytes, SIZE);
    begin_log("whole", 0, 1, "{\"a\":\"b\"}");
    feed(FRAME_STDOUT, bytes, length);
    log_end(FRAME_STDOUT);
    size_t whole_length, parts_length;
    char *whole = slurp(options.log_path, &whole_length);
    unlink(options.log_path);
    begin_log("parts", 0, 1, "{\"a\":\"b\"}");
    for (size_t at = 0; at < length;) {
      size_t part = 1 + random_below(random_below(3) ? 200 : 30000);
      if (part > length - at) part = length - at;
      feed(FRAME_STDOUT, bytes + at, part);
      at += part;
    }
    log_end(FRAME_STDOUT);
    char *parts = slurp(options.log_path, &parts_length);
    unlink(options.log_path);
    without_times(whole);
    without_times(parts);
    assert(strcmp(whole, parts) == 0);
    free(whole);
    free(parts);
  }
}

static void test_times_rise(void) {
  begin_log("times", 0, 1, NULL);
  for (int i = 0; i < 100; i++) feed(FRAME_STDOUT, (const uint8_t *)"a\nb\nc\n", 6);
  size_t length;
  char *text = slurp(options.log_path, &length), last[40] = "";
  for (char *at = text; (at = strstr(at, "\"time\":\"")); at++) {
    char padded[40];
    snprintf(padded, sizeof padded, "%.*s", (int)strcspn(at + 8, "Z"), at + 8);
    if (strlen(padded) == 19) strcat(padded, ".");
    while (strlen(padded) < 29) strcat(padded, "0");
    assert(strcmp(last, padded) < 0);
    strcpy(last, padded);
  }
  free(text);
  unlink(options.log_path);
}

// Docker looks before it writes: a file is left once it has reached the size, and no line is split.
static void test_rotation(void) {
  char name[160], line[64];
  begin_log("rotated", 1000, 3, NULL);
  for (int i = 0; i < 500; i++) feed(FRAME_STDOUT, (uint8_t *)line, (size_t)snprintf(line, sizeof line, "line %d\n", i));
  int expected = 500;
  for (int k = 0; k < 3; k++) {
    snprintf(name, sizeof name, k ? "%s.%d" : "%s", options.log_path, k);
    size_t length;
    char *text = slurp(name, &length);
    char *last = text + length - 1;
    while (last > text && last[-1] != '\n') last--;
    if (k > 0) assert(length >= 1000 && last - text < 1000);
    for (char *at = text + length; at > text;) {
      for (at--; at > text && at[-1] != '\n'; at--) {}
      assert(atoi(at + 13) == --expected);
    }
    free(text);
    unlink(name);
  }
  snprintf(name, sizeof name, "%s.3", options.log_path);
  assert(access(name, F_OK) < 0);
}

// A file that cannot grow: whole lines stay, the others are counted, and writing goes on when there is room.
static void test_full_disk(void) {
  struct rlimit before, small;
  begin_log("full", 0, 1, NULL);
  getrlimit(RLIMIT_FSIZE, &before);
  small = before;
  small.rlim_cur = 1000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  for (int i = 0; i < 100; i++) feed(FRAME_STDOUT, (const uint8_t *)"a line\nand a line\n", 18);
  setrlimit(RLIMIT_FSIZE, &before);
  size_t length, lines = 0;
  char *text = slurp(options.log_path, &length);
  for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
  assert(length <= 1000 && text[length - 1] == '\n' && lines + log_lost_lines() == 200);
  free(text);
  feed(FRAME_STDOUT, (const uint8_t *)"more\n", 5);
  text = slurp(options.log_path, &length);
  assert(strstr(text, "}\n{\"log\":\"more\\n\""));
  free(text);
  unlink(options.log_path);
}

static void test_half_line_before(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/half", folder);
  int fd = open(path, O_WRONLY | O_CREAT, 0600);
  assert(write(fd, "{\"log\":\"ha", 10) == 10);
  close(fd);
  begin_log("half", 0, 1, NULL);
  feed(FRAME_STDOUT, (const uint8_t *)"x\n", 2);
  size_t length;
  char *text = slurp(path, &length);
  assert(strncmp(text, "{\"log\":\"ha\n{\"log\":\"x\\n\"", 22) == 0);
  free(text);
  unlink(path);
}

static void turn(void) {
  struct pollfd fds[MAX_CLIENTS + 1];
  size_t count = control_poll(fds);
  if (poll(fds, count, 0) > 0) control_ready(fds, count);
  if (random_below(3) == 0) control_stdin_ready();
}

static size_t random_frame(uint8_t *bytes) {
  static const uint8_t types[] = {0, 0, 0, 16, 17, 18, 20, 1, 3, 99};
  size_t payload = random_below(3) ? random_below(12) : random_below(3000);
  bytes[0] = types[random_below(sizeof types)];
  memset(bytes + 1, 0, 7);
  if (random_below(40) == 0) bytes[1 + random_below(7)] = (uint8_t)random_below(256);
  bytes[6] = (uint8_t)(payload >> 8);
  bytes[7] = (uint8_t)payload;
  for (size_t i = 0; i < payload; i++) bytes[8 + i] = random_below(2) ? (uint8_t)random_below(256) : (uint8_t)("0123456789 x"[random_below(12)]);
  return 8 + payload;
}

// Clients that come and go, send nonsense, read slowly or never: nothing breaks, and the queues stay bounded.
static void test_control(int steps) {
  enum { PEERS = 160 };
  static int peers[PEERS];
  static uint8_t bytes[READ_SIZE];
  for (int i = 0; i < PEERS; i++) peers[i] = -1;
  control_announce(FRAME_STARTED, "1 2 3", 5);
  for (int step = 0; step < steps; step++) {
    int *peer = &peers[random_below(random_below(2) ? 8 : PEERS)];
    unsigned action = random_below(20);
    if (*peer < 0) {
      int ends[2];
      assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
      *peer = ends[0];
      control_adopt(ends[1], random_below(4) == 0 ? 1 + random_below(7) : 0);
    } else if (action < 9) {
      size_t length = random_frame(bytes);
      (void)!write(*peer, bytes, random_below(8) ? length : random_below((uint32_t)length) + 1);
    } else if (action < 14) {
      (void)!read(*peer, bytes, 1 + random_below(sizeof bytes));
    } else if (action < 15) {
      close(*peer);
      *peer = -1;
    } else if (!control_behind()) {
      control_output(random_below(2) ? FRAME_STDOUT : FRAME_STDERR, bytes, random_below(sizeof bytes));
    }
    turn();
    for (int i = 0; i < client_count; i++) assert(clients[i].queue_length <= CLIENT_QUEUE + READ_SIZE + 2 * HEADER + 2 * ERROR_LIMIT);
  }
  control_announce(FRAME_EXITED, "1 0 0 0 t 0", 11);
  control_end_output();
  for (int i = 0; i < PEERS; i++)
    if (peers[i] >= 0) close(peers[i]);
  for (int i = 0; i < 100 && !control_leave(); i++) turn();
  assert(control_leave());
  assert(stdin_taken > 0 && stdin_closed > 0 && signals_sent > 0);
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (!mkdtemp(folder)) return 1;
  test_escapes();
  test_chunking();
  test_times_rise();
  test_rotation();
  test_full_disk();
  test_half_line_before();
  test_control(argc > 1 ? atoi(argv[1]) : 300000);
  rmdir(folder);
  printf("onggi-shim: all tests passed\n");
  return 0;
}
