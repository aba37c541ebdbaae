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

bool uri_decode_form(struct arena *a, struct str raw, struct str *out)
{
    char *to = arena_alloc(a, raw.n + 1);
    ssize_t n = decode(to, raw, true);
    *out = (struct str){ to, n < 0 ? 0 : (size_t)n };
    return n >= 0 && utf8_valid(*out) && !memchr(to, 0, out->n);
}

/* Parameters as they are taken apart. */
struct params {
    struct arena *arena;
    struct violations *v;
    struct json_param *list; /* room for QUERY_PARAMS_MAX */
    size_t count;
};

static bool is_repeated(const struct params *to, struct str name)
{
    for (size_t i = 0; i < to->count; i++) {
        if (str_eq(to->list[i].name, name)) {
            return true;
        }
    }
    return false;
}

static const char *pointer_to(const struct params *to, struct str name)
{
    return arena_printf(to->arena, "/" STR_FMT, STR_ARG(name));
}

/* One name=value; without a = the value is empty. */
static void add_parameter(struct params *to, struct str item)
{
    struct json_param p;
    struct str value = item;
    struct str name;
    (void)str_split(&value, '=', &name);
    if (!uri_decode_form(to->arena, name, &p.name)) {
        violations_add(to->v, "", "format", "The name of a parameter is not percent-encoded UTF-8.");
    } else if (!uri_decode_form(to->arena, value.p ? value : STR(""), &p.value)) {
        violations_add(to->v, pointer_to(to, p.name), "format", "The value is not percent-encoded UTF-8.");
    } else if (is_repeated(to, p.name)) {
        violations_add(to->v, pointer_to(to, p.name), "duplicate", "The parameter is given twice.");
    } else {
        to->list[to->count++] = p;
    }
}

static void parse(struct params *to, struct str text)
{
    struct str rest = text.n > 0 ? text : STR_NONE;
    struct str item;
    while (str_split(&rest, '&', &item)) {
        if (item.n == 0) {
            continue;
        }
        if (to->count == QUERY_PARAMS_MAX) {
            violations_add(to->v, "", "max", "There are more than %d parameters.", QUERY_PARAMS_MAX);
            return;
        }
        add_parameter(to, item);
    }
}

void uri_parse_query(struct request *rq)
{
    struct params to = { rq->arena, &rq->violations, rq->query_params, rq->query_param_count };
    parse(&to, rq->query);
    rq->query_param_count = to.count;
}

struct json_params uri_parse_form(struct request *rq)
{
    struct params to = { rq->arena, &rq->violations,
                         ARENA_ARRAY(rq->arena, struct json_param, QUERY_PARAMS_MAX), 0 };
    parse(&to, rq->body);
    return (struct json_params){ to.list, to.count };
}

bool uri_parse_own(struct arena *a, struct str text, struct json_params *out)
{
    struct violations v = { .arena = a };
    struct params to = { a, &v, ARENA_ARRAY(a, struct json_param, QUERY_PARAMS_MAX), 0 };
    parse(&to, text);
    *out = (struct json_params){ to.list, to.count };
    return v.count == 0;
}

void uri_encode(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
            buf_addc(out, (char)c);
        } else {
            buf_addc(out, '%');
            buf_addc(out, digits[c >> 4]);
            buf_addc(out, digits[c & 15]);
        }
    }
}
