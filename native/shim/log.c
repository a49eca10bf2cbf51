// The log, in Docker's json-file format byte for byte (moby daemon/logger/jsonfilelog/jsonlog, loggerutils/logfile.go).
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// The pieces of one line not yet ended, and the time that all pieces of a long line share.
struct unfinished {
  uint8_t bytes[LINE_LIMIT];
  size_t length;
  bool in_pieces;
  char time[40];
  size_t time_length;
};

static struct unfinished unfinished[2];
static int log_fd = -1;
static uint64_t file_size, lost_lines;
static char *out;      // formatted lines that wait for their write
static size_t used;
static char *middle[2];  // between a line's text and its time
static size_t middle_length[2];
static size_t largest_line;
static pid_t packer;  // gzip at work on the file that was rotated last

static struct timespec stamp;  // of the line before
static char stamp_text[40];

uint64_t log_lost_lines(void) { return lost_lines; }

static int open_file(void) {
  log_fd = open(options.log_path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  file_size = 0;
  struct stat info;
  if (log_fd < 0 || fstat(log_fd, &info) < 0) return -1;
  file_size = (uint64_t)info.st_size;
  // A power cut may have left half a line: what follows must not be glued to it.
  char last = '\n';
  if (file_size > 0 && pread(log_fd, &last, 1, info.st_size - 1) == 1 && last != '\n' && write(log_fd, "\n", 1) == 1) file_size++;
  return 0;
}

void log_open(void) {
  if (!options.log_path) return;
  if (open_file() < 0) {
    char text[512];
    snprintf(text, sizeof text, "onggi-shim: cannot open the log %s: %s", options.log_path, strerror(errno));
    fail_start(text);
  }
  static const char *const names[2] = {"stdout", "stderr"};
  static char texts[2][64];
  size_t attrs = options.log_attrs ? strlen(options.log_attrs) : 0;
  for (int i = 0; i < 2; i++) {
    middle_length[i] = (size_t)snprintf(texts[i], sizeof texts[i], "\",\"stream\":\"%s\"", names[i]);
    middle[i] = texts[i];
  }
  largest_line = 6 * LINE_LIMIT + attrs + 160;
  out = (char *)scratch(SCRATCH_LOG);
}

static void cut_half_line(size_t bytes) {
  struct stat info;
  if (fstat(log_fd, &info) == 0 && info.st_size >= (off_t)bytes && ftruncate(log_fd, info.st_size - (off_t)bytes) < 0)
    (void)!write(log_fd, "\n", 1);
}

// One write for all that is waiting. A full disk costs lines, which are counted, and never holds up the container.
void log_flush(void) {
  if (used == 0) return;
  size_t done = 0;
  if (log_fd < 0) open_file();
  while (done < used && log_fd >= 0) {
    ssize_t n = write(log_fd, out + done, used - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += (size_t)n;
  }
  file_size += done;
  if (done < used) {
    size_t whole = done;
    while (whole > 0 && out[whole - 1] != '\n') whole--;
    if (whole < done) cut_half_line(done - whole);
    file_size -= done - whole;
    for (size_t i = whole; i < used; i++) lost_lines += out[i] == '\n';
  }
  used = 0;
}

enum { NAME_SIZE = 4096 };

static const char *rotated(char name[NAME_SIZE], uint64_t number, const char *suffix) {
  if (number) snprintf(name, NAME_SIZE, "%s.%llu%s", options.log_path, (unsigned long long)number, suffix);
  else snprintf(name, NAME_SIZE, "%s", options.log_path);
  return name;
}

static bool is_free(uint64_t number) {
  char name[NAME_SIZE];
  return access(rotated(name, number, ""), F_OK) < 0 && access(rotated(name, number, ".gz"), F_OK) < 0;
}

static void pack_newest(void) {
  char name[NAME_SIZE];
  if ((packer = fork()) == 0) {
    execlp("gzip", "gzip", "-fn", rotated(name, 1, ""), (char *)NULL);
    _exit(127);
  }
}

// path -> .1 -> .2 ..., the one beyond the last number is gone.
static void rotate(void) {
  char from[NAME_SIZE], to[NAME_SIZE];
  uint64_t files = options.log_max_files ? options.log_max_files : 1, last = 1;
  if (packer > 0) waitpid(packer, NULL, 0);  // it still needs the name .1
  packer = 0;
  while (last < files - 1 && !is_free(last)) last++;
  for (uint64_t i = files == 1 ? 0 : last; i >= 1; i--) {
    unlink(rotated(to, i, ".gz"));
    if (i > 1) rename(rotated(from, i - 1, ".gz"), rotated(to, i, ".gz"));
    if (rename(rotated(from, i - 1, ""), rotated(to, i, "")) < 0) {
      if (i == 1) return;  // no rename, no rotation: the file goes on growing
      unlink(to);
    }
  }
  if (files == 1 && unlink(options.log_path) < 0) return;
  close(log_fd);
  open_file();
  if (files > 1 && options.log_compress) pack_newest();
}

static char *put_digits(char *o, unsigned value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value /= 10) o[i] = (char)('0' + value % 10);
  return o + digits;
}

static char *put_second(char *o, time_t seconds) {
  struct tm tm;
  gmtime_r(&seconds, &tm);
  static const char marks[] = "--T::";
  const int values[] = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
  for (int i = 0; i < 6; i++) {
    o = put_digits(o, (unsigned)values[i], i == 0 ? 4 : 2);
    if (i < 5) *o++ = marks[i];
  }
  return o;
}

static char *put_fraction(char *o, unsigned ns) {
  if (ns == 0) return o;
  *o++ = '.';
  o = put_digits(o, ns, 9);
  while (o[-1] == '0') o--;
  return o;
}

void put_time(char text[40], const struct timespec *at) {
  char *end = put_fraction(put_second(text, at->tv_sec), (unsigned)at->tv_nsec);
  memcpy(end, "Z", 2);
}

// One clock reading serves a whole batch; each of its lines is a nanosecond later than the one before, so that no
// two lines of a container ever bear the same time (collectors drop such pairs as duplicates).
static void read_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t ahead = ((int64_t)stamp.tv_sec - now.tv_sec) * 1000000000 + stamp.tv_nsec - now.tv_nsec;
  if (ahead >= 0 && ahead < 1000000) return;
  if (now.tv_sec != stamp.tv_sec || stamp_text[0] == 0) put_second(stamp_text, now.tv_sec);
  stamp = now;
}

static size_t next_time(char *text) {
  if (++stamp.tv_nsec == 1000000000) {
    stamp.tv_nsec = 0;
    stamp.tv_sec++;
    put_second(stamp_text, stamp.tv_sec);
  }
  memcpy(text, stamp_text, 19);
  return (size_t)(put_fraction(text + 19, (unsigned)stamp.tv_nsec) - text);
}

// The length of the valid UTF-8 sequence at `s`, 0 where Go's decoder would see a broken one.
static size_t utf8_length(const uint8_t *s, size_t room) {
  static const struct { uint8_t first, last, low, high; } rows[] = {
      {0xc2, 0xdf, 0x80, 0xbf}, {0xe0, 0xe0, 0xa0, 0xbf}, {0xe1, 0xec, 0x80, 0xbf}, {0xed, 0xed, 0x80, 0x9f},
      {0xee, 0xef, 0x80, 0xbf}, {0xf0, 0xf0, 0x90, 0xbf}, {0xf1, 0xf3, 0x80, 0xbf}, {0xf4, 0xf4, 0x80, 0x8f}};
  size_t length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
  if (room < length) return 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (s[0] < rows[i].first || s[0] > rows[i].last) continue;
    if (s[1] < rows[i].low || s[1] > rows[i].high) return 0;
    for (size_t k = 2; k < length; k++)
      if ((s[k] & 0xc0) != 0x80) return 0;
    return length;
  }
  return 0;
}

static bool plain(uint8_t c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'; }

// Writes one character that is not plain; returns how many bytes of the source it took.
static size_t put_special(char **at, const uint8_t *s, size_t room) {
  static const char hex[] = "0123456789abcdef";
  char *o = *at;
  size_t length = 1;
  if (*s >= 0x80) {
    length = utf8_length(s, room);
    if (length == 0) {
      memcpy(o, "\\ufffd", 6);
      *at = o + 6;
      return 1;
    }
    bool separator = length == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8;
    if (separator) {
      memcpy(o, "\\u202", 5);
      o[5] = hex[s[2] & 0xf];
      *at = o + 6;
    } else {
      memcpy(o, s, length);
      *at = o + length;
    }
    return length;
  }
  char name = *s == '"' || *s == '\\' ? (char)*s : *s == '\n' ? 'n' : *s == '\r' ? 'r' : 0;
  if (name) {
    o[0] = '\\';
    o[1] = name;
    *at = o + 2;
  } else {
    memcpy(o, "\\u00", 4);
    o[4] = hex[*s >> 4];
    o[5] = hex[*s & 0xf];
    *at = o + 6;
  }
  return 1;
}

static char *put_escaped(char *o, const uint8_t *s, const uint8_t *end) {
  while (s < end) {
#ifdef __SSE2__
    while (end - s >= 16) {
      __m128i v = _mm_loadu_si128((const __m128i *)s);
      __m128i odd = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));  // signed: also all above 0x7f
      odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(4)), _mm_set1_epi8('&')));  // " and &
      odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(2)), _mm_set1_epi8('>')));  // < and >
      odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
      _mm_storeu_si128((__m128i *)o, v);
      unsigned mask = (unsigned)_mm_movemask_epi8(odd);
      unsigned run = mask ? (unsigned)__builtin_ctz(mask) : 16;
      s += run;
      o += run;
      if (mask) break;
    }
#endif
    while (s < end && plain(*s)) *o++ = (char)*s++;
    while (s < end && !plain(*s)) s += put_special(&o, s, (size_t)(end - s));
  }
  return o;
}

static void put_line(int stream, const uint8_t *text, size_t length, bool ended) {
  struct unfinished *u = &unfinished[stream - 1];
  if (used + largest_line > SCRATCH_LOG_SIZE) log_flush();
  if (options.log_max_size && file_size + used >= options.log_max_size) {
    log_flush();
    if (log_fd >= 0) rotate();
  }
  char *o = out + used;
  memcpy(o, "{\"log\":\"", 8);
  o = put_escaped(o + 8, text, text + length);
  if (ended) {
    memcpy(o, "\\n", 2);
    o += 2;
  }
  memcpy(o, middle[stream - 1], middle_length[stream - 1]);
  o += middle_length[stream - 1];
  if (options.log_attrs) {
    size_t attrs = strlen(options.log_attrs);
    memcpy(o, ",\"attrs\":", 9);
    memcpy(o + 9, options.log_attrs, attrs);
    o += 9 + attrs;
  }
  memcpy(o, ",\"time\":\"", 9);
  o += 9;
  if (!u->in_pieces) u->time_length = next_time(u->time);
  memcpy(o, u->time, sizeof u->time);
  o += u->time_length;
  memcpy(o, "Z\"}\n", 4);
  used = (size_t)(o + 4 - out);
  u->in_pieces = !ended;
}

void log_append(int stream, uint8_t *data, size_t length) {
  if (!options.log_path) return;
  struct unfinished *u = &unfinished[stream - 1];
  uint8_t *end = data + length, *start = data - u->length, *seen = data;
  memcpy(start, u->bytes, u->length);
  read_clock();
  struct stat info;
  if (options.log_max_size && log_fd >= 0 && fstat(log_fd, &info) == 0) file_size = (uint64_t)info.st_size;  // others may cut it
  for (;;) {
    uint8_t *limit = end - start < LINE_LIMIT ? end : start + LINE_LIMIT;
    uint8_t *newline = memchr(seen, '\n', (size_t)(limit - seen));
    if (!newline && limit - start < LINE_LIMIT) break;
    put_line(stream, start, (size_t)((newline ? newline : limit) - start), newline != NULL);
    start = seen = newline ? newline + 1 : limit;
  }
  u->length = (size_t)(end - start);
  memcpy(u->bytes, start, u->length);
  log_flush();
}

void log_end(int stream) {
  struct unfinished *u = &unfinished[stream - 1];
  if (!options.log_path || u->length == 0) return;
  read_clock();
  put_line(stream, u->bytes, u->length, false);
  u->length = 0;
  log_flush();
}
