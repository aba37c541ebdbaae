/* Values of query parameters as parameters of statements. */
#include "query/internal.h"

#include <math.h>
#include <stdlib.h>

/* OIDs of pg_type.dat. */
const struct value_type value_types[] = {
    [FIELD_UUID] = { "::uuid", 2950, 16, DB_UUID, DB_UUID_ARRAY },
    [FIELD_TEXT] = { "::text", 25, -1, DB_TEXT, DB_TEXT_ARRAY },
    [FIELD_ENUM] = { "::text", 25, -1, DB_TEXT, DB_TEXT_ARRAY },
    [FIELD_INT] = { "::int8", 20, 8, DB_INT8, DB_INT8_ARRAY },
    [FIELD_NUMBER] = { "::float8", 701, 8, DB_FLOAT8, 0 },
    [FIELD_BOOL] = { "::bool", 16, 1, DB_BOOL, 0 },
    [FIELD_DATE] = { "::date", 1082, 4, DB_DATE, DB_DATE_ARRAY },
    [FIELD_TIME] = { "::timestamptz", 1184, 8, DB_TIMESTAMPTZ, 0 },
    [FIELD_MONEY] = { "::int8", 20, 8, DB_INT8, DB_INT8_ARRAY },
    [FIELD_POINT] = { "::point", 600, 16, 0, 0 },
    [FIELD_TEXTS] = { "::text[]", 1009, -1, 0, 0 },
    [FIELD_WORDS] = { "::int2[]", 1005, -1, 0, 0 },
    [FIELD_JSON] = { "::jsonb", 3802, -1, 0, 0 },
};

/* "{t}.name" and the like. */
static bool is_plain_column(const char *sql)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (strncmp(sql, "{t}", 3) != 0) {
        return false;
    }
    const char *dot = sql + 3 + strspn(sql + 3, letters);
    return *dot == '.' && dot[1 + strspn(dot + 1, letters)] == '\0';
}

/* Stored integers are sent as wide as they are: in PostgreSQL every cast is a function, made ready for every
 * execution of the statement. */
const char *value_cast(const struct field *f)
{
    bool integer = f->type == FIELD_INT || f->type == FIELD_MONEY;
    bool stored = !(f->flags & FIELD_COMPUTED) && is_plain_column(f->sql);
    return integer && stored ? "" : value_types[f->type].cast;
}

/* --- single values --- */

/* Exactly `n` digits off the front of *s. */
static bool digits(struct str *s, size_t n, int *out)
{
    int v = 0;
    if (s->n < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_skip(*s, n);
    *out = v;
    return true;
}

static bool literal(struct str *s, char c)
{
    bool found = s->n > 0 && s->p[0] == c;
    *s = found ? str_skip(*s, 1) : *s;
    return found;
}

/* ".123456" with one to six digits, or nothing. */
static bool fraction(struct str *s, int *us)
{
    *us = 0;
    if (!literal(s, '.')) {
        return true;
    }
    int scale = 100000, digit;
    size_t n = 0;
    for (; n < 6 && digits(s, 1, &digit); n++, scale /= 10) {
        *us += digit * scale;
    }
    return n > 0;
}

/* Minutes east of UTC. A blank is what a plus becomes when it is not percent-encoded. */
static bool offset(struct str *s, int *minutes)
{
    int h, m;
    *minutes = 0;
    if (literal(s, 'Z') || literal(s, 'z')) {
        return true;
    }
    bool west = s->n > 0 && s->p[0] == '-';
    if (!literal(s, '+') && !literal(s, '-') && !literal(s, ' ')) {
        return false;
    }
    if (!digits(s, 2, &h) || !literal(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59) {
        return false;
    }
    *minutes = (west ? -1 : 1) * (h * 60 + m);
    return true;
}

bool value_parse_time(struct str text, int64_t *unix_us)
{
    date_t day;
    int h, m, s, us, zone;
    if (text.n < 20 || !date_parse((struct str){ text.p, 10 }, &day)) {
        return false;
    }
    struct str rest = str_skip(text, 10);
    if (!literal(&rest, 'T') && !literal(&rest, 't')) {
        return false;
    }
    if (!digits(&rest, 2, &h) || !literal(&rest, ':') || !digits(&rest, 2, &m) || !literal(&rest, ':') ||
        !digits(&rest, 2, &s) || !fraction(&rest, &us) || !offset(&rest, &zone) || rest.n > 0) {
        return false;
    }
    if (h > 23 || m > 59 || s > 59) {
        return false;
    }
    int64_t seconds = (int64_t)day * 86400 + h * 3600 + (m - zone) * 60 + s;
    *unix_us = seconds * 1000000 + us;
    return true;
}

/* As JSON writes numbers, so that "0x1p3", "inf" and blanks are refused. */
static bool parse_number(struct str text, double *out)
{
    char copy[64] = "", *end;
    if (text.n == 0 || text.n >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.p, text.n);
    if (strspn(copy, "+-.0123456789eE") < text.n) {
        return false;
    }
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static bool parse_uuid(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    struct uuid *u = ARENA_NEW(a, struct uuid);
    *out = db_uuid(u);
    return uuid_parse(text, u);
}

static bool parse_text(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    *out = db_text(text);
    return !str_has_control(text, false);
}

static bool parse_enum(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    *out = db_text(text);
    for (const char *const *v = f->values; *v; v++) {
        if (str_eqz(text, *v)) {
            return true;
        }
    }
    return false;
}

static bool parse_int(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    int64_t v = 0;
    bool ok = str_int64(text, &v);
    *out = db_int8(a, v);
    return ok;
}

static bool parse_double(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    double v = 0;
    bool ok = parse_number(text, &v);
    *out = db_float8(a, v);
    return ok;
}

static bool parse_bool(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    bool yes = str_eqz(text, "true");
    *out = db_bool(a, yes);
    return yes || str_eqz(text, "false");
}

static bool parse_date(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    date_t day = 0;
    bool ok = date_parse(text, &day);
    *out = db_date(a, day);
    return ok;
}

static bool parse_time(struct arena *a, const struct field *f, struct str text, struct db_param *out)
{
    int64_t us = 0;
    bool ok = value_parse_time(text, &us);
    *out = db_timestamptz(a, us);
    return ok;
}

static const struct parser {
    bool (*parse)(struct arena *a, const struct field *f, struct str text, struct db_param *out);
    const char *what;
} parsers[] = {
    [FIELD_UUID] = { parse_uuid, "a UUID" },
    [FIELD_TEXT] = { parse_text, "text without control characters" },
    [FIELD_ENUM] = { parse_enum, NULL },
    [FIELD_INT] = { parse_int, "a whole number" },
    [FIELD_NUMBER] = { parse_double, "a number" },
    [FIELD_BOOL] = { parse_bool, "true or false" },
    [FIELD_DATE] = { parse_date, "a date, YYYY-MM-DD" },
    [FIELD_TIME] = { parse_time, "a time as in RFC 3339, 2026-01-02T03:04:05Z" },
    [FIELD_MONEY] = { parse_int, "a whole number of minor units" },
    [FIELD_POINT] = { NULL, NULL },
    [FIELD_TEXTS] = { NULL, NULL },
    [FIELD_WORDS] = { NULL, NULL },
    [FIELD_JSON] = { NULL, NULL },
};

static const char *one_of(struct arena *a, const struct field *f)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_addz(&b, "one of");
    for (const char *const *v = f->values; *v; v++) {
        buf_printf(&b, "%s %s", v == f->values ? "" : ",", *v);
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_free(&b);
    return text;
}

bool value_parse(struct arena *a, const struct field *f, struct str text, struct db_param *out,
                 const char **why)
{
    const struct parser *p = &parsers[f->type];
    if (p->parse && p->parse(a, f, text, out)) {
        return true;
    }
    *why = f->type == FIELD_ENUM ? one_of(a, f)
           : p->what             ? p->what
                                 : "nothing: this field cannot be compared";
    return false;
}

/* --- arrays --- */

/* Elements of the array are the values' own bytes, whatever the type; only the header says which it is. */
static struct db_param array_of(struct arena *a, const struct value_type *t, const struct db_param *values,
                                size_t n)
{
    struct str *items = ARENA_ARRAY(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct str){ values[i].data, (size_t)values[i].length };
    }
    return db_array(a, t->array, t->param, items, n);
}

bool value_parse_list(struct arena *a, const struct field *f, struct str text, struct db_param *out,
                      const char **why)
{
    struct db_param *values = ARENA_ARRAY(a, struct db_param, SELECTION_IN_MAX);
    struct str rest = text, item;
    size_t n = 0;
    while (str_split(&rest, ',', &item)) {
        if (n == SELECTION_IN_MAX) {
            *why = "at most 50 values";
            return false;
        }
        if (!value_parse(a, f, item, &values[n++], why)) {
            return false;
        }
    }
    *out = array_of(a, &value_types[f->type], values, n);
    return true;
}
