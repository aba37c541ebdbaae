/* One option's value: text to C type, with bounds. */
#include "base/log.h"
#include "base/options_table.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define SHIFT_MAX (INT64_C(36600) * 86400000000) /* a hundred years */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    { "GiB", 1LL << 30 }, { "MiB", 1LL << 20 }, { "KiB", 1LL << 10 }, { "", 1 }, { NULL, 0 }
};
static const struct unit time_units[] = { { "d", 86400000000 }, { "h", 3600000000 }, { "m", 60000000 },
                                          { "s", 1000000 },     { "ms", 1000 },      { "us", 1 },
                                          { NULL, 0 } };
static const struct unit rate_units[] = {
    { "/h", 3600000000 }, { "/m", 60000000 }, { "/s", 1000000 }, { NULL, 0 }
};

struct place { /* where a value goes and what bounds it */
    const struct option_row *row;
    void *into;
    struct arena *a;
};

static void *target(const struct place *to)
{
    return (char *)to->into + to->row->offset;
}

/* Digits followed by the name of a unit. */
static bool split_unit(struct str text, const struct unit *units, int64_t *number, int64_t *factor)
{
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9') {
        digits++;
    }
    if (!str_int64((struct str){ text.p, digits }, number)) {
        return false;
    }
    for (; units->name; units++) {
        if (str_eqz(str_skip(text, digits), units->name)) {
            *factor = units->factor;
            return true;
        }
    }
    return false;
}

static bool within(const struct option_row *row, int64_t v)
{
    return v >= row->min && v <= row->max;
}

static bool store_bounded(const struct place *to, int64_t v)
{
    if (!within(to->row, v)) {
        return false;
    }
    *(int64_t *)target(to) = v;
    return true;
}

static bool parse_int(const struct place *to, struct str text)
{
    int64_t v;
    return str_int64(text, &v) && store_bounded(to, v);
}

static bool parse_units(const struct place *to, struct str text, const struct unit *units)
{
    int64_t number, factor, v;
    return split_unit(text, units, &number, &factor) && !__builtin_mul_overflow(number, factor, &v) &&
           store_bounded(to, v);
}

static bool parse_size(const struct place *to, struct str text)
{
    return parse_units(to, text, size_units);
}

static bool parse_time(const struct place *to, struct str text)
{
    return parse_units(to, str_eqz(text, "0") ? STR("0s") : text, time_units);
}

static bool parse_shift(const struct place *to, struct str text)
{
    bool back = str_starts(text, STR("-"));
    if (!back && !str_starts(text, STR("+"))) {
        *(int64_t *)target(to) = 0;
        return str_eqz(text, "0");
    }
    int64_t number, factor, v;
    if (!split_unit(str_skip(text, 1), time_units, &number, &factor) ||
        __builtin_mul_overflow(number, factor, &v) || v > SHIFT_MAX) {
        return false;
    }
    *(int64_t *)target(to) = back ? -v : v;
    return true;
}

static bool read_rate(struct str text, struct rate_limit *out)
{
    struct rate_limit v = { 0, 1000000 };
    if (!str_eqz(text, "0") && !split_unit(text, rate_units, &v.count, &v.period_us)) {
        return false;
    }
    *out = v;
    return v.count <= 1000000000;
}

static bool parse_rate(const struct place *to, struct str text)
{
    return read_rate(text, target(to));
}

static bool is_role_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool letter = s.p[i] >= 'a' && s.p[i] <= 'z';
        if (!letter && (i == 0 || !((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 32;
}

/* ROLE:CLASS=RATE */
static bool read_role_rate(struct arena *a, struct str text, struct role_rate *out)
{
    static const char *const classes[] = { "read", "search", "write", "login", "hash", NULL };
    struct str role, class;
    if (!str_split(&text, ':', &role) || !text.p || !is_role_name(role) || !str_split(&text, '=', &class) ||
        !text.p) {
        return false;
    }
    for (size_t i = 0; classes[i]; i++) {
        if (str_eqz(class, classes[i])) {
            out->role = arena_strdup(a, role);
            out->rate_class = classes[i];
            return read_rate(text, &out->limit);
        }
    }
    return false;
}

static bool parse_rates(const struct place *to, struct str text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++) {
        count += text.p[i] == ',';
    }
    if (!within(to->row, (int64_t)text.n)) {
        return false;
    }
    struct role_rate *list = ARENA_ARRAY(to->a, struct role_rate, count + 1);
    struct str rest = text.n > 0 ? text : STR_NONE, item;
    size_t n = 0;
    while (str_split(&rest, ',', &item)) {
        if (!read_role_rate(to->a, str_trim(item), &list[n++])) {
            return false;
        }
    }
    *(const struct role_rate **)target(to) = list;
    return true;
}

static bool parse_bool(const struct place *to, struct str text)
{
    static const struct {
        const char *name;
        bool value;
    } names[] = { { "yes", true }, { "on", true },   { "true", true },
                  { "no", false }, { "off", false }, { "false", false } };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eqz(text, names[i].name)) {
            *(bool *)target(to) = names[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_mode(const struct place *to, struct str text)
{
    int64_t v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '7' || v > 07777) {
            return false;
        }
        v = v * 8 + (text.p[i] - '0');
    }
    return text.n > 0 && store_bounded(to, v);
}

static bool parse_text(const struct place *to, struct str text)
{
    if (!within(to->row, (int64_t)text.n)) {
        return false;
    }
    *(const char **)target(to) = arena_strdup(to->a, text);
    return true;
}

static bool parse_path(const struct place *to, struct str text)
{
    return (text.n == 0 || text.p[0] == '/') && parse_text(to, text);
}

static bool parse_secret_file(const struct place *to, struct str text)
{
    return str_starts(text, STR("credential:")) ? parse_text(to, text) : parse_path(to, text);
}

static const struct {
    const char *name;
    const char *form; /* how to write a value */
    bool (*parse)(const struct place *to, struct str text);
} types[] = {
    [OPTION_TYPE_TEXT] = { "text", "text", parse_text },
    [OPTION_TYPE_PATH] = { "path", "an absolute path", parse_path },
    [OPTION_TYPE_SECRET_FILE] = { "secret", "an absolute path or credential:NAME", parse_secret_file },
    [OPTION_TYPE_INT] = { "number", "a whole number", parse_int },
    [OPTION_TYPE_BOOL] = { "switch", "yes or no", parse_bool },
    [OPTION_TYPE_SIZE] = { "size", "bytes, or a number with KiB, MiB or GiB", parse_size },
    [OPTION_TYPE_TIME] = { "time", "a number with us, ms, s, m, h or d", parse_time },
    [OPTION_TYPE_RATE] = { "rate", "a number with /s, /m or /h, or 0", parse_rate },
    [OPTION_TYPE_RATES] = { "rates",
                            "comma-separated ROLE:CLASS=RATE, classes being read, search, write, login and "
                            "hash",
                            parse_rates },
    [OPTION_TYPE_MODE] = { "mode", "octal permissions", parse_mode },
    [OPTION_TYPE_SHIFT] = { "shift", "+ or -, a number, and us, ms, s, m, h or d; or 0", parse_shift },
    [OPTION_TYPE_LIST] = { "list", "comma-separated text", parse_text },
};

/* In the largest unit that divides it. */
static void write_units(char *out, size_t out_size, int64_t v, const struct unit *units)
{
    while (units[1].name && (v == 0 || v % units->factor != 0)) {
        units++;
    }
    snprintf(out, out_size, "%" PRId64 "%s", v / units->factor, units->name);
}

static void write_bound(const struct option_row *row, int64_t v, char out[32])
{
    switch (row->type) {
    case OPTION_TYPE_SIZE:
        write_units(out, 32, v, size_units);
        return;
    case OPTION_TYPE_TIME:
        write_units(out, 32, v, time_units);
        return;
    case OPTION_TYPE_MODE:
        snprintf(out, 32, "%04" PRIo64, (uint64_t)v);
        return;
    default:
        snprintf(out, 32, "%" PRId64, v);
    }
}

static void write_range(const struct option_row *row, char *out, size_t out_size)
{
    char min[32], max[32];
    write_bound(row, row->min, min);
    write_bound(row, row->max, max);
    switch (row->type) {
    case OPTION_TYPE_INT:
    case OPTION_TYPE_SIZE:
    case OPTION_TYPE_TIME:
        snprintf(out, out_size, "%s to %s", min, max);
        return;
    case OPTION_TYPE_MODE:
        snprintf(out, out_size, "at most %s", max);
        return;
    case OPTION_TYPE_TEXT:
    case OPTION_TYPE_PATH:
    case OPTION_TYPE_SECRET_FILE:
    case OPTION_TYPE_LIST:
    case OPTION_TYPE_RATES:
        snprintf(out, out_size, row->min > 0 ? "not empty, at most %s bytes" : "at most %s bytes", max);
        return;
    default:
        out[0] = '\0';
    }
}

void option_describe(const struct option_row *row, char *out, size_t out_size)
{
    char range[80];
    write_range(row, range, sizeof(range));
    snprintf(out, out_size, "%s%s%s", types[row->type].form, range[0] ? "; " : "", range);
}

/* What the types cannot say: the few values with a form of their own. */
static bool check_log_level(struct str text)
{
    enum log_level level;
    return log_level_parse(text, &level);
}

static bool check_url(struct str text)
{
    bool http = str_starts(text, STR("https://")) || str_starts(text, STR("http://"));
    return http && text.n > strlen("https://") && text.p[text.n - 1] != '/';
}

static bool check_address(struct str text)
{
    struct str host = text, port = STR_NONE;
    for (size_t i = text.n; i > 0; i--) {
        if (text.p[i - 1] == ':') {
            host.n = i - 1;
            port = str_skip(text, i);
            break;
        }
    }
    int64_t number;
    return text.n == 0 || (host.n > 0 && port.p && str_int64(port, &number) && number >= 0 && number < 65536);
}

static bool check_redis(struct str text)
{
    return str_starts(text, STR("unix:/")) || check_address(text);
}

static bool is_provider_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-')) {
            return false;
        }
    }
    return name.n > 0 && name.n <= 40;
}

static bool check_providers(struct str text)
{
    struct str rest = text, name, other;
    while (text.n > 0 && str_split(&rest, ',', &name)) {
        struct str after = rest;
        if (!is_provider_name(str_trim(name))) {
            return false;
        }
        while (after.p && str_split(&after, ',', &other)) {
            if (str_eq(str_trim(name), str_trim(other))) {
                return false;
            }
        }
    }
    return true;
}

/* http only to this machine itself: for tests, and for providers behind a proxy of the same host. */
static bool check_issuer(struct str text)
{
    static const char *const local[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };
    bool known = str_starts(text, STR("https://")) && text.n > strlen("https://");
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        size_t n = strlen(local[i]);
        known = known || (str_starts(text, str_from(local[i])) &&
                          (text.n == n || text.p[n] == ':' || text.p[n] == '/'));
    }
    return known && !memchr(text.p, '?', text.n) && !memchr(text.p, '#', text.n) &&
           !memchr(text.p, '@', text.n) && !memchr(text.p, ' ', text.n);
}

static bool check_scopes(struct str text)
{
    struct str rest = text, name;
    while (rest.p && str_split(&rest, ' ', &name)) {
        if (str_eqz(name, "openid")) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    bool (*ok)(struct str text);
    const char *form;
} forms[] = {
    { "log_level", check_log_level, "error, warn, info or debug" },
    { "public_url", check_url, "an http:// or https:// URL without a slash at its end" },
    { "metrics_listen", check_address, "ADDRESS:PORT or empty" },
    { "redis", check_redis, "unix:PATH, HOST:PORT or empty" },
    { "login_providers", check_providers,
      "different names of letters, digits, - and _, with commas between" },
    { "issuer", check_issuer, "an https:// URL without query or fragment, or http:// on a loopback address" },
    { "scopes", check_scopes, "names with blanks between, openid among them" },
};

static bool form_check(const struct option_row *row, struct str text, char why[OPTION_WHY_SIZE])
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, row->name) == 0 && !forms[i].ok(text)) {
            snprintf(why, OPTION_WHY_SIZE, "%s must be %s", row->name, forms[i].form);
            return false;
        }
    }
    return true;
}

/* Control characters have no place in any value, and would let a value forge lines in messages and headers.
 */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F) {
            return false;
        }
    }
    return utf8_valid(text);
}

bool option_value_parse(const struct option_row *row, struct str text, void *into, struct arena *a,
                        char why[OPTION_WHY_SIZE])
{
    if (!is_plain(text)) {
        snprintf(why, OPTION_WHY_SIZE, "%s has control characters or invalid UTF-8", row->name);
        return false;
    }
    if (!form_check(row, text, why)) {
        return false;
    }
    if (!types[row->type].parse(&(struct place){ row, into, a }, text)) {
        char accepted[200];
        option_describe(row, accepted, sizeof(accepted));
        snprintf(why, OPTION_WHY_SIZE, "%s must be %s", row->name, accepted);
        return false;
    }
    return true;
}
