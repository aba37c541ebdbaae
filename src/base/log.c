/* JSON log lines, put together in a fixed buffer and written at once. */
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* A pipe takes lines up to PIPE_BUF (4096) whole whoever else writes; journald splits lines only at 48 KiB.
 */
#define LINE_SIZE 16384
#define LINE_TAIL 64 /* kept free for what must follow any text: quote, "truncated" mark, brace, newline */

static const char *const level_names[] = { "error", "warn", "info", "debug" };

static const char *log_program = "nexus";
static enum log_level log_threshold = LOG_INFO;

struct line {
    size_t n;
    char p[LINE_SIZE];
};

void log_init(const char *program, enum log_level level)
{
    log_program = program;
    log_threshold = level;
}

bool log_level_parse(struct str name, enum log_level *out)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (str_eqz(name, level_names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static bool has_room(const struct line *l, size_t n)
{
    return l->n + n <= LINE_SIZE - LINE_TAIL;
}

/* Only for what is known to fit. */
static void put(struct line *l, struct str s)
{
    memcpy(l->p + l->n, s.p, s.n);
    l->n += s.n;
}

static void put_escape(struct line *l, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[] = { '\\', 'u', '0', '0', hex[c >> 4 & 15], hex[c & 15] };
    put(l, (struct str){ escape, sizeof(escape) });
}

/* One character of s, escaped when it must be; returns the bytes of s used. */
static size_t put_character(struct line *l, struct str s)
{
    uint32_t c;
    size_t n = utf8_decode(s, &c);
    if (n == 0) {
        put(l, STR("\xEF\xBF\xBD")); /* U+FFFD: replacement character */
        return 1;
    }
    if (c < 0x20 || c == 0x7F) {
        put_escape(l, c);
    } else {
        if (c == '"' || c == '\\') {
            put(l, STR("\\"));
        }
        put(l, (struct str){ s.p, n });
    }
    return n;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* What needs no look at its characters, at most as much as there is room for. */
static size_t put_plain(struct line *l, struct str s)
{
    size_t n = 0;
    while (n < s.n && is_plain((unsigned char)s.p[n])) {
        n++;
    }
    n = has_room(l, n + 8) ? n : 0;
    put(l, (struct str){ s.p, n });
    return n;
}

static void put_text(struct line *l, struct str s)
{
    put(l, STR("\""));
    s = str_skip(s, put_plain(l, s));
    while (s.n > 0 && has_room(l, 8)) {
        s = str_skip(s, put_character(l, s));
    }
    put(l, STR("\""));
}

static void put_number(struct line *l, int64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (v < 0) {
        digits[--at] = '-';
    }
    put(l, (struct str){ digits + at, sizeof(digits) - at });
}

/* False when the line is full; a text that is only partly shown counts as shown. */
static bool put_field(struct line *l, const struct log_field *f)
{
    size_t key = strlen(f->key);
    if (!has_room(l, 6 * key + 32)) {
        return false;
    }
    put(l, STR(","));
    put_text(l, (struct str){ f->key, key });
    put(l, STR(":"));
    if (f->text.p) {
        put_text(l, f->text);
    } else {
        put_number(l, f->number);
    }
    return true;
}

static void put_head(struct line *l, enum log_level level, const char *message)
{
    char now[CLOCK_TEXT_SIZE];
    size_t n = clock_format(now, clock_unix_us());
    put(l, STR("{\"time\":"));
    put_text(l, (struct str){ now, n });
    const struct log_field head[] = {
        LOG_TEXT("level", level_names[level]),
        LOG_TEXT("program", log_program),
        LOG_NUM("pid", getpid()),
        LOG_TEXT("message", message),
    };
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        put_field(l, &head[i]);
    }
}

/* Nothing can be done, nor said, when stderr takes no more. */
static void write_line(const struct line *l)
{
    ssize_t wrote;
    do {
        wrote = write(STDERR_FILENO, l->p, l->n);
    } while (wrote < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    if (level > log_threshold) {
        return;
    }
    int saved = errno;
    struct line l;
    l.n = 0;
    put_head(&l, level, message);
    size_t i = 0;
    while (i < count && put_field(&l, &fields[i])) {
        i++;
    }
    if (i < count) {
        put(&l, STR(",\"truncated\":1"));
    }
    put(&l, STR("}\n"));
    write_line(&l);
    errno = saved;
}

void log_msg(enum log_level level, const char *message)
{
    log_write(level, message, NULL, 0);
}
