/* Lines of configuration files. */
#include "base/conf.h"

#include "base/buf.h"

#include <limits.h>
#include <stdarg.h>

#define FILE_SIZE_MAX (1024 * 1024)

static bool refuse(char *error, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool refuse(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return false;
}

/* "..." with \" and \\ inside; nothing but a comment may follow. NULL when it is well-formed. */
static const char *unquote(struct arena *a, struct str text, struct str *out)
{
    char *p = arena_alloc(a, text.n);
    size_t n = 0, i = 1;
    while (i < text.n && text.p[i] != '"') {
        if (text.p[i] == '\\') {
            i++;
            if (i >= text.n || (text.p[i] != '"' && text.p[i] != '\\')) {
                return "only \\\" and \\\\ are known in a quoted value";
            }
        }
        p[n++] = text.p[i++];
    }
    if (i >= text.n) {
        return "the quoted value has no end";
    }
    struct str rest = str_trim(str_skip(text, i + 1));
    if (rest.n > 0 && rest.p[0] != '#') {
        return "text follows the quoted value";
    }
    *out = (struct str){ p, n };
    return NULL;
}

/* An unquoted value ends at a # that follows a blank. */
static struct str cut_comment(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '#' && (i == 0 || text.p[i - 1] == ' ' || text.p[i - 1] == '\t')) {
            text.n = i;
        }
    }
    return str_trim(text);
}

const char *conf_value(struct arena *a, struct str raw, struct str *out)
{
    struct str text = str_trim(raw);
    if (text.n > 0 && text.p[0] == '"') {
        return unquote(a, text, out);
    }
    *out = cut_comment(text);
    return NULL;
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-' || c == '.')) {
            return false;
        }
    }
    return name.n > 0;
}

static bool read_line(struct str text, const char *where, unsigned number, conf_take *take, void *data,
                      char *error, size_t error_size)
{
    if (text.n > 0 && text.p[text.n - 1] == '\r') {
        text.n--;
    }
    text = str_trim(text);
    if (text.n == 0 || text.p[0] == '#') {
        return true;
    }
    struct conf_line line = { .raw = text, .where = where, .number = number };
    str_split(&line.raw, '=', &line.name);
    line.name = str_trim(line.name);
    if (!line.raw.p || !is_name(line.name)) {
        return refuse(error, error_size, "%s: expected 'name = value'", where);
    }
    return take(data, &line, error, error_size);
}

static bool read_lines(struct str text, const char *file, conf_take *take, void *data, char *error,
                       size_t error_size)
{
    struct str line;
    for (unsigned number = 1; str_split(&text, '\n', &line); number++) {
        char where[PATH_MAX + 16];
        snprintf(where, sizeof(where), "%s:%u", file, number);
        if (!read_line(line, where, number, take, data, error, error_size)) {
            return false;
        }
    }
    return true;
}

bool conf_read(FILE *in, const char *file, conf_take *take, void *data, char *error, size_t error_size)
{
    struct buf text;
    buf_init(&text, FILE_SIZE_MAX);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0) {
        buf_add(&text, chunk, n);
    }
    bool ok = ferror(in)      ? refuse(error, error_size, "%s: cannot be read", file)
              : text.overflow ? refuse(error, error_size, "%s: larger than 1 MiB", file)
                              : read_lines(buf_str(&text), file, take, data, error, error_size);
    buf_free(&text);
    return ok;
}
