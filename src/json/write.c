/* The streaming JSON writer. */
#include "json/write.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(bool held, const char *what)
{
    if (!held) {
        LOG(LOG_ERROR, "JSON writer misused", LOG_TEXT("rule", what));
        abort();
    }
}

struct json_writer json_write_start(struct buf *out)
{
    return (struct json_writer){ .out = out };
}

static uint64_t level_bit(const struct json_writer *w)
{
    return 1ULL << w->depth;
}

static void separate(struct json_writer *w)
{
    uint64_t bit = level_bit(w);
    if (w->has_items & bit) {
        expect(w->depth > 0, "one value at the top");
        buf_addc(w->out, ',');
    }
    w->has_items |= bit;
}

static void before_value(struct json_writer *w)
{
    if (w->has_key) {
        w->has_key = false;
        return;
    }
    expect((w->is_object & level_bit(w)) == 0, "a key before each value of an object");
    separate(w);
}

static void before_key(struct json_writer *w)
{
    expect((w->is_object & level_bit(w)) != 0 && !w->has_key, "a key only in an object, and only one");
    separate(w);
    w->has_key = true;
}

static void open_container(struct json_writer *w, char mark, bool is_object)
{
    before_value(w);
    expect(w->depth < JSON_WRITE_DEPTH_MAX, "depth is bounded");
    w->depth++;
    w->has_items &= ~level_bit(w);
    w->is_object = is_object ? w->is_object | level_bit(w) : w->is_object & ~level_bit(w);
    buf_addc(w->out, mark);
}

static void close_container(struct json_writer *w, char mark, bool is_object)
{
    bool was_object = (w->is_object & level_bit(w)) != 0;
    expect(w->depth > 0 && was_object == is_object && !w->has_key, "ends match starts");
    w->depth--;
    buf_addc(w->out, mark);
}

void json_write_object(struct json_writer *w)
{
    open_container(w, '{', true);
}

void json_write_object_end(struct json_writer *w)
{
    close_container(w, '}', true);
}

void json_write_array(struct json_writer *w)
{
    open_container(w, '[', false);
}

void json_write_array_end(struct json_writer *w)
{
    close_container(w, ']', false);
}

bool json_write_is_complete(const struct json_writer *w)
{
    return w->depth == 0 && (w->has_items & 1) != 0;
}

void json_write_key(struct json_writer *w, struct str key)
{
    before_key(w);
    json_quote(w->out, key);
    buf_addc(w->out, ':');
}

void json_write_key_ready(struct json_writer *w, struct str quoted)
{
    before_key(w);
    buf_adds(w->out, quoted);
}

void json_write_raw(struct json_writer *w, struct str json)
{
    before_value(w);
    buf_adds(w->out, json);
}

void json_write_null(struct json_writer *w)
{
    json_write_raw(w, STR("null"));
}

void json_write_bool(struct json_writer *w, bool v)
{
    json_write_raw(w, v ? STR("true") : STR("false"));
}

void json_write_int(struct json_writer *w, int64_t v)
{
    before_value(w);
    buf_addi(w->out, v);
}

/*
 * Coordinates, ratings and the like: at most six decimals and 15 digits. n and 10^6 are exact doubles and
 * IEEE division rounds correctly, so n / 10^6 == v means that reading "n / 10^6" back gives v; and with at
 * most 15 digits no other text as short does. Everything else takes the slow way.
 */
static bool write_decimal(struct buf *out, double v)
{
    double scaled = v * 1e6;
    if (!(fabs(scaled) < 1e15)) {
        return false;
    }
    int64_t n = llround(scaled);
    if ((double)n / 1e6 != v || (n == 0 && signbit(v))) {
        return false;
    }
    char text[24];
    size_t at = sizeof(text);
    uint64_t rest = (uint64_t)(n < 0 ? -n : n);
    bool shown = false; /* zeros at the end of the decimals are not */
    for (int i = 0; i < 6; i++, rest /= 10) {
        shown = shown || rest % 10 != 0;
        if (shown) {
            text[--at] = (char)('0' + rest % 10);
        }
    }
    if (shown) {
        text[--at] = '.';
    }
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0) {
        text[--at] = '-';
    }
    buf_add(out, text + at, sizeof(text) - at);
    return true;
}

static void write_shortest(struct buf *out, double v)
{
    char text[40];
    /* 15 digits are never more than needed, save where a subnormal number has fewer bits. */
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    /* The decimal point of a locale has no place in JSON. */
    for (char *p = text; *p; p++) {
        *p = *p == ',' ? '.' : *p;
    }
    buf_addz(out, text);
}

void json_write_double(struct json_writer *w, double v)
{
    before_value(w);
    if (!isfinite(v)) {
        buf_addz(w->out, "null");
    } else if (!write_decimal(w->out, v)) {
        write_shortest(w->out, v);
    }
}

void json_write_str(struct json_writer *w, struct str v)
{
    before_value(w);
    if (v.p) {
        json_quote(w->out, v);
    } else {
        buf_addz(w->out, "null");
    }
}

void json_write_strz(struct json_writer *w, const char *v)
{
    json_write_str(w, str_from(v));
}

void json_write_plain(struct json_writer *w, struct str v)
{
    before_value(w);
    char *to = buf_reserve(w->out, v.n + 2);
    if (to) {
        to[0] = '"';
        memcpy(to + 1, v.p, v.n);
        to[v.n + 1] = '"';
        w->out->n += v.n + 2;
    }
}

void json_write_uuid(struct json_writer *w, const struct uuid *v)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(text, v);
    json_write_plain(w, (struct str){ text, UUID_TEXT_SIZE - 1 });
}

void json_write_date(struct json_writer *w, date_t v)
{
    char text[DATE_TEXT_SIZE];
    date_format(text, v);
    json_write_plain(w, (struct str){ text, DATE_TEXT_SIZE - 1 });
}

void json_write_time(struct json_writer *w, int64_t unix_us)
{
    char text[CLOCK_TEXT_SIZE];
    size_t n = clock_format(text, unix_us);
    json_write_plain(w, (struct str){ text, n });
}

#define EACH_BYTE(c) (0x0101010101010101ULL * (c))

/* High bit of each byte that is below U+0020, a quote, a backslash or not ASCII (a byte above one may be
 * marked too). */
static uint64_t special_bytes(uint64_t v)
{
    uint64_t quote = v ^ EACH_BYTE('"'), backslash = v ^ EACH_BYTE('\\');
    uint64_t low = (v - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1));
    return (low | v) & EACH_BYTE(0x80);
}

static bool is_special(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
}

/* Length of the part of s that goes out as it is. Eight bytes at a time as long as nothing is special. */
static size_t plain_run(struct str s)
{
    size_t i = 0;
    while (i + 8 <= s.n) {
        uint64_t v;
        memcpy(&v, s.p + i, 8);
        if (special_bytes(v)) {
            break;
        }
        i += 8;
    }
    while (i < s.n) {
        if (!is_special((unsigned char)s.p[i])) {
            i++;
            continue;
        }
        uint32_t scalar;
        size_t n = (unsigned char)s.p[i] < 0x80 ? 0 : utf8_decode(str_skip(s, i), &scalar);
        if (n == 0) {
            break;
        }
        i += n;
    }
    return i;
}

static void quote_special(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_forms[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    if (c >= 0x80) {
        buf_addz(out, "\xEF\xBF\xBD"); /* U+FFFD for a byte that is not UTF-8 */
    } else if (c >= 0x20 || short_forms[c]) {
        const char escape[] = { '\\', c >= 0x20 ? (char)c : short_forms[c] };
        buf_add(out, escape, sizeof(escape));
    } else {
        const char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        buf_add(out, escape, sizeof(escape));
    }
}

void json_quote(struct buf *out, struct str v)
{
    buf_addc(out, '"');
    while (v.n > 0) {
        size_t run = plain_run(v);
        buf_add(out, v.p, run);
        v = str_skip(v, run);
        if (v.n > 0) {
            quote_special(out, (unsigned char)v.p[0]);
            v = str_skip(v, 1);
        }
    }
    buf_addc(out, '"');
}
