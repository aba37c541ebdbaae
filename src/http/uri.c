/* Percent-decoding of paths and query strings. */
#include "http/uri.h"

#include "base/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decode into `to`, which has room for raw.n bytes. Returns the length, or -1 for a bad escape. */
static ssize_t decode(char *to, struct str raw, bool plus_is_blank)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '%') {
            int high = i + 2 < raw.n ? hex_value(raw.p[i + 1]) : -1;
            int low = high >= 0 ? hex_value(raw.p[i + 2]) : -1;
            if (low < 0) {
                return -1;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        to[n++] = c;
    }
    return (ssize_t)n;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static size_t count_byte(struct str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == c;
    }
    return n;
}

bool uri_decode_path(struct arena *a, struct str raw, struct str *out)
{
    *out = raw;
    if (raw.n > 0 && memchr(raw.p, '%', raw.n)) {
        char *to = arena_alloc(a, raw.n);
        ssize_t n = decode(to, raw, false);
        if (n < 0) {
            return false;
        }
        *out = (struct str){ to, (size_t)n };
    }
    return count_byte(*out, '/') == count_byte(raw, '/') && count_byte(*out, '\\') == 0 &&
           !has_control(*out) && utf8_valid(*out);
}

static bool decode_text(struct arena *a, struct str raw, struct str *out)
{
    char *to = arena_alloc(a, raw.n + 1);
    ssize_t n = decode(to, raw, true);
    *out = (struct str){ to, n < 0 ? 0 : (size_t)n };
    return n >= 0 && utf8_valid(*out) && !memchr(to, 0, out->n);
}

static bool is_repeated(const struct request *rq, struct str name)
{
    for (size_t i = 0; i < rq->query_param_count; i++) {
        if (str_eq(rq->query_params[i].name, name)) {
            return true;
        }
    }
    return false;
}

static const char *pointer_to(struct request *rq, struct str name)
{
    return arena_printf(rq->arena, "/" STR_FMT, STR_ARG(name));
}

/* One name=value; without a = the value is empty. */
static void add_parameter(struct request *rq, struct str item)
{
    struct json_param p;
    struct str value = item;
    struct str name;
    (void)str_split(&value, '=', &name);
    if (!decode_text(rq->arena, name, &p.name)) {
        violations_add(&rq->violations, "", "format",
                       "The name of a parameter is not percent-encoded UTF-8.");
    } else if (!decode_text(rq->arena, value.p ? value : STR(""), &p.value)) {
        violations_add(&rq->violations, pointer_to(rq, p.name), "format",
                       "The value is not percent-encoded UTF-8.");
    } else if (is_repeated(rq, p.name)) {
        violations_add(&rq->violations, pointer_to(rq, p.name), "duplicate", "The parameter is given twice.");
    } else {
        rq->query_params[rq->query_param_count++] = p;
    }
}

void uri_parse_query(struct request *rq)
{
    struct str rest = rq->query.n > 0 ? rq->query : STR_NONE;
    struct str item;
    while (str_split(&rest, '&', &item)) {
        if (item.n == 0) {
            continue;
        }
        if (rq->query_param_count == QUERY_PARAMS_MAX) {
            violations_add(&rq->violations, "", "max", "There are more than %d parameters.",
                           QUERY_PARAMS_MAX);
            return;
        }
        add_parameter(rq, item);
    }
}
