/*
 * A scanner instead of a parser that builds a tree: tokens are our own, so everything our own issuer would
 * not have written may be refused, and json-c lets duplicate names pass.
 */
#include "auth/claims.h"

#include "base/utf8.h"

struct scan {
    struct str rest;
};

static bool scan_value(struct scan *s, int depth);
static bool add(struct claims *c, struct str name, struct str value);

static void skip_blanks(struct scan *s)
{
    while (s->rest.n > 0 && memchr(" \t\r\n", s->rest.p[0], 4)) {
        s->rest = str_skip(s->rest, 1);
    }
}

/* Blanks, then this character. */
static bool take(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->rest.n == 0 || s->rest.p[0] != c) {
        return false;
    }
    s->rest = str_skip(s->rest, 1);
    return true;
}

static bool take_literal(struct scan *s, struct str literal)
{
    if (!str_starts(s->rest, literal)) {
        return false;
    }
    s->rest = str_skip(s->rest, literal.n);
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of the escape at the backslash, 0 when it is none. */
static size_t escape_size(struct str s)
{
    if (s.n >= 2 && s.p[1] != 'u') {
        return s.p[1] && memchr("\"\\/bfnrt", s.p[1], 8) ? 2 : 0;
    }
    for (size_t i = 2; i < 6; i++) {
        if (i >= s.n || !is_hex(s.p[i])) {
            return 0;
        }
    }
    return 6;
}

/* A string at the cursor; *text is what stands between the quotes. */
static bool scan_string(struct scan *s, struct str *text)
{
    if (!take(s, '"')) {
        return false;
    }
    const char *start = s->rest.p;
    while (s->rest.n > 0 && s->rest.p[0] != '"') {
        size_t n = s->rest.p[0] == '\\' ? escape_size(s->rest) : (unsigned char)s->rest.p[0] >= ' ';
        if (n == 0) {
            return false;
        }
        s->rest = str_skip(s->rest, n);
    }
    *text = (struct str){ start, (size_t)(s->rest.p - start) };
    return take(s, '"');
}

static size_t digits(struct scan *s)
{
    size_t n = 0;
    while (n < s->rest.n && s->rest.p[n] >= '0' && s->rest.p[n] <= '9') {
        n++;
    }
    s->rest = str_skip(s->rest, n);
    return n;
}

/* RFC 8259, section 6. */
static bool scan_number(struct scan *s)
{
    (void)take_literal(s, STR("-"));
    if (!take_literal(s, STR("0")) && digits(s) == 0) {
        return false;
    }
    if (take_literal(s, STR(".")) && digits(s) == 0) {
        return false;
    }
    if (take_literal(s, STR("e")) || take_literal(s, STR("E"))) {
        (void)(take_literal(s, STR("+")) || take_literal(s, STR("-")));
        return digits(s) > 0;
    }
    return true;
}

static bool scan_array(struct scan *s, int depth)
{
    if (take(s, ']')) {
        return true;
    }
    do {
        if (!scan_value(s, depth)) {
            return false;
        }
    } while (take(s, ','));
    return take(s, ']');
}

/* Members go to `into` when it is not NULL. */
static bool scan_object(struct scan *s, int depth, struct claims *into)
{
    if (take(s, '}')) {
        return true;
    }
    do {
        struct str name;
        if (!scan_string(s, &name) || !take(s, ':')) {
            return false;
        }
        skip_blanks(s);
        const char *start = s->rest.p;
        if (!scan_value(s, depth) ||
            (into && !add(into, name, (struct str){ start, (size_t)(s->rest.p - start) }))) {
            return false;
        }
    } while (take(s, ','));
    return take(s, '}');
}

static bool scan_value(struct scan *s, int depth)
{
    struct str text;
    skip_blanks(s);
    if (s->rest.n == 0 || depth <= 0) {
        return false;
    }
    switch (s->rest.p[0]) {
    case '"':
        return scan_string(s, &text);
    case '{':
        return take(s, '{') && scan_object(s, depth - 1, NULL);
    case '[':
        return take(s, '[') && scan_array(s, depth - 1);
    case 't':
        return take_literal(s, STR("true"));
    case 'f':
        return take_literal(s, STR("false"));
    case 'n':
        return take_literal(s, STR("null"));
    default:
        return scan_number(s);
    }
}

static bool is_plain(struct str text)
{
    return !memchr(text.p, '\\', text.n);
}

static const struct claim *find(const struct claims *c, struct str name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (str_eq(c->claim[i].name, name)) {
            return &c->claim[i];
        }
    }
    return NULL;
}

/* An escaped name could be another spelling of one that is there already. */
static bool add(struct claims *c, struct str name, struct str value)
{
    if (c->count == CLAIMS_MAX || !is_plain(name) || find(c, name)) {
        return false;
    }
    c->claim[c->count++] = (struct claim){ name, value };
    return true;
}

bool claims_parse(struct str json, struct claims *out)
{
    struct scan s = { json };
    out->count = 0;
    if (!utf8_valid(json) || !take(&s, '{') || !scan_object(&s, CLAIMS_DEPTH, out)) {
        return false;
    }
    skip_blanks(&s);
    return s.rest.n == 0;
}

bool claims_has(const struct claims *c, const char *name)
{
    return find(c, str_from(name)) != NULL;
}

/* The value as a scan of its own; false when there is none. */
static bool value_of(const struct claims *c, const char *name, struct scan *s)
{
    const struct claim *claim = find(c, str_from(name));
    if (claim) {
        s->rest = claim->value;
    }
    return claim != NULL;
}

bool claims_text(const struct claims *c, const char *name, struct str *out)
{
    struct scan s;
    return value_of(c, name, &s) && scan_string(&s, out) && is_plain(*out);
}

bool claims_seconds(const struct claims *c, const char *name, int64_t *out)
{
    struct scan s;
    if (!value_of(c, name, &s) || s.rest.n > 12 || s.rest.p[0] < '0' || s.rest.p[0] > '9') {
        return false;
    }
    return str_int64(s.rest, out);
}

bool claims_object(const struct claims *c, const char *name, struct claims *out)
{
    struct scan s;
    return value_of(c, name, &s) && claims_parse(s.rest, out);
}

bool claims_texts(const struct claims *c, const char *name, void (*each)(void *data, struct str text),
                  void *data)
{
    struct scan s;
    if (!value_of(c, name, &s) || !take(&s, '[')) {
        return false;
    }
    if (take(&s, ']')) {
        return true;
    }
    do {
        struct str text;
        if (!scan_string(&s, &text) || !is_plain(text)) {
            return false;
        }
        each(data, text);
    } while (take(&s, ','));
    return true; /* the closing bracket was seen by claims_parse */
}
