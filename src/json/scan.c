/* A recursive-descent check of JSON texts; recursion is bounded by JSON_DEPTH_MAX. */
#include "json/scan.h"

#include "base/utf8.h"
#include "json/pointer.h"

#include <stdlib.h>

struct scan {
    struct str text;
    size_t at;
    unsigned depth;
    size_t values;
    struct arena *arena;
    struct violations *v;
    const char *why;
};

struct name { /* a member name of the object being scanned */
    struct name *next;
    struct str text; /* unescaped */
};

static bool scan_value(struct scan *s, const struct json_path *path);

static bool fail(struct scan *s, const char *what)
{
    s->why = arena_printf(s->arena, "%s at byte %zu", what, s->at);
    return false;
}

/* The next byte, or -1 at the end. */
static int peek(const struct scan *s)
{
    return s->at < s->text.n ? (unsigned char)s->text.p[s->at] : -1;
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c) {
        return false;
    }
    s->at++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') {
        s->at++;
    }
}

static bool unexpected(struct scan *s, const char *what)
{
    return fail(s, peek(s) < 0 ? "unexpected end" : what);
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1 when there are none. */
static int32_t take_hex4(struct scan *s)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = peek(s) < 0 ? -1 : hex_value(peek(s));
        if (digit < 0) {
            return -1;
        }
        v = v * 16 + digit;
        s->at++;
    }
    return v;
}

/* What follows \u. Surrogates must come as a pair (RFC 8259, section 8.2). */
static bool scan_unicode_escape(struct scan *s, uint32_t *scalar)
{
    int32_t high = take_hex4(s);
    if (high < 0) {
        return unexpected(s, "invalid \\u escape");
    }
    *scalar = (uint32_t)high;
    if (high < 0xD800 || high > 0xDFFF) {
        return true;
    }
    int32_t low = high < 0xDC00 && take(s, '\\') && take(s, 'u') ? take_hex4(s) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
        return unexpected(s, "lone surrogate in a \\u escape");
    }
    *scalar = 0x10000 + (uint32_t)((high - 0xD800) << 10 | (low - 0xDC00));
    return true;
}

static bool scan_escape(struct scan *s, uint32_t *scalar)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (take(s, 'u')) {
        return scan_unicode_escape(s, scalar);
    }
    const char *letter = peek(s) > 0 ? strchr(letters, peek(s)) : NULL;
    if (!letter) {
        return unexpected(s, "invalid escape");
    }
    *scalar = (uint32_t)meanings[letter - letters];
    s->at++;
    return true;
}

/* One character of a string, escaped or not. */
static bool scan_character(struct scan *s, uint32_t *scalar)
{
    if (take(s, '\\')) {
        return scan_escape(s, scalar);
    }
    size_t n = utf8_decode(str_skip(s->text, s->at), scalar);
    if (n == 0) {
        return unexpected(s, "invalid UTF-8");
    }
    if (*scalar < 0x20) {
        return fail(s, "control character in a string");
    }
    s->at += n;
    return true;
}

/* Most of most strings. */
static void skip_plain_ascii(struct scan *s)
{
    while (s->at < s->text.n) {
        unsigned char c = (unsigned char)s->text.p[s->at];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            return;
        }
        s->at++;
    }
}

static bool scan_string(struct scan *s)
{
    s->at++;
    for (skip_plain_ascii(s); !take(s, '"'); skip_plain_ascii(s)) {
        uint32_t scalar;
        if (!scan_character(s, &scalar)) {
            return false;
        }
    }
    return true;
}

/* The name between quotes from `from` on, which has been scanned before. */
static struct str unescape(struct scan *s, struct str raw)
{
    if (raw.n == 0 || !memchr(raw.p, '\\', raw.n)) {
        return raw;
    }
    struct scan again = { .text = raw, .arena = s->arena };
    char *p = arena_alloc(s->arena, raw.n); /* no escape is shorter than what it stands for */
    size_t n = 0;
    uint32_t scalar;
    while (again.at < raw.n && scan_character(&again, &scalar)) {
        n += utf8_encode(p + n, scalar);
    }
    return (struct str){ p, n };
}

/* json-c keeps names as C strings: a NUL would make two names of one. */
static bool scan_name(struct scan *s, struct str *name)
{
    size_t from = s->at + 1;
    if (peek(s) != '"') {
        return unexpected(s, "expected a member name in double quotes");
    }
    if (!scan_string(s)) {
        return false;
    }
    *name = unescape(s, (struct str){ s->text.p + from, s->at - 1 - from });
    return (name->n == 0 || !memchr(name->p, '\0', name->n)) || fail(s, "NUL in a member name before");
}

static size_t skip_digits(struct str s, size_t at)
{
    while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9') {
        at++;
    }
    return at;
}

static bool is_one_of(struct str s, size_t at, const char *set)
{
    return at < s.n && s.p[at] != '\0' && strchr(set, s.p[at]);
}

/* Bytes of the longest number at the start of s; 0 when there is none. */
static size_t number_length(struct str s)
{
    size_t whole = is_one_of(s, 0, "-") ? 1 : 0;
    size_t end = is_one_of(s, whole, "0") ? whole + 1 : skip_digits(s, whole);
    if (end == whole) {
        return 0;
    }
    if (is_one_of(s, end, ".")) {
        size_t decimals = skip_digits(s, end + 1);
        if (decimals == end + 1) {
            return end;
        }
        end = decimals;
    }
    if (is_one_of(s, end, "eE")) {
        size_t from = end + (is_one_of(s, end + 1, "+-") ? 2 : 1);
        size_t exponent = skip_digits(s, from);
        end = exponent > from ? exponent : end;
    }
    return end;
}

bool json_is_number(struct str s)
{
    return s.n > 0 && s.n <= JSON_NUMBER_MAX && number_length(s) == s.n;
}

/* What a number must not be followed by (01, 1.) fails at the next character. */
static bool scan_number(struct scan *s)
{
    size_t n = number_length(str_skip(s->text, s->at));
    if (n == 0 || n > JSON_NUMBER_MAX) {
        return fail(s, n == 0 ? "invalid number" : "number is too long");
    }
    s->at += n;
    return true;
}

static bool scan_word(struct scan *s, struct str word)
{
    if (!str_starts(str_skip(s->text, s->at), word)) {
        return fail(s, "unexpected character");
    }
    s->at += word.n;
    return true;
}

static bool enter(struct scan *s)
{
    s->at++;
    return ++s->depth <= JSON_DEPTH_MAX || fail(s, "nested too deeply");
}

static bool scan_array(struct scan *s, const struct json_path *path)
{
    if (!enter(s)) {
        return false;
    }
    skip_blanks(s);
    bool more = !take(s, ']');
    for (size_t i = 0; more; i++) {
        struct json_path item = JSON_PATH_ITEM(path, i);
        if (!scan_value(s, &item)) {
            return false;
        }
        more = take(s, ',');
        if (!more && !take(s, ']')) {
            return unexpected(s, "expected ',' or ']'");
        }
    }
    s->depth--;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Sorted, so that an object of many members costs no quadratic time. */
static void report_duplicates(struct scan *s, const struct name *names, size_t count,
                              const struct json_path *path)
{
    if (count < 2) {
        return;
    }
    struct str *sorted = ARENA_ARRAY(s->arena, struct str, count);
    for (size_t i = 0; i < count; i++, names = names->next) {
        sorted[i] = names->text;
    }
    qsort(sorted, count, sizeof(*sorted), compare_names);
    for (size_t i = 1; i < count; i++) {
        bool again = str_eq(sorted[i], sorted[i - 1]);
        if (again && (i == 1 || !str_eq(sorted[i], sorted[i - 2]))) {
            struct json_path member = JSON_PATH_MEMBER(path, sorted[i]);
            violations_add(s->v, json_pointer(s->arena, &member), "duplicate", "appears more than once");
        }
    }
}

static bool scan_member(struct scan *s, const struct json_path *path, struct name *name)
{
    skip_blanks(s);
    if (!scan_name(s, &name->text)) {
        return false;
    }
    skip_blanks(s);
    if (!take(s, ':')) {
        return unexpected(s, "expected ':'");
    }
    struct json_path member = JSON_PATH_MEMBER(path, name->text);
    return scan_value(s, &member);
}

static bool scan_object(struct scan *s, const struct json_path *path)
{
    if (!enter(s)) {
        return false;
    }
    struct name *names = NULL;
    size_t count = 0;
    skip_blanks(s);
    for (bool more = !take(s, '}'); more; count++) {
        struct name *name = ARENA_NEW(s->arena, struct name);
        name->next = names;
        names = name;
        if (!scan_member(s, path, name)) {
            return false;
        }
        more = take(s, ',');
        if (!more && !take(s, '}')) {
            return unexpected(s, "expected ',' or '}'");
        }
    }
    report_duplicates(s, names, count, path);
    s->depth--;
    return true;
}

static bool scan_one(struct scan *s, const struct json_path *path)
{
    switch (peek(s)) {
    case '{':
        return scan_object(s, path);
    case '[':
        return scan_array(s, path);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, STR("true"));
    case 'f':
        return scan_word(s, STR("false"));
    case 'n':
        return scan_word(s, STR("null"));
    case '-':
    case '0' ... '9':
        return scan_number(s);
    default:
        return unexpected(s, "unexpected character");
    }
}

/* With the blanks around it. */
static bool scan_value(struct scan *s, const struct json_path *path)
{
    if (++s->values > JSON_VALUES_MAX) {
        return fail(s, "too many values");
    }
    skip_blanks(s);
    if (!scan_one(s, path)) {
        return false;
    }
    skip_blanks(s);
    return true;
}

enum err json_scan(struct str text, struct arena *a, struct violations *v, const char **why)
{
    struct scan s = { .text = text, .arena = a, .v = v };
    struct json_path root = JSON_PATH_ROOT;
    bool ok = str_starts(text, STR("\xEF\xBB\xBF")) ? fail(&s, "byte order mark") : scan_value(&s, &root);
    if (ok && s.at < text.n) {
        ok = fail(&s, "text after the end of the document");
    }
    *why = s.why;
    return ok ? ERR_NONE : ERR_BAD_JSON;
}
