/* A state machine over bytes. A delimiter has a CR at its start and nowhere else, so a match that breaks off
 * starts anew at most there. */
#include "http/multipart.h"

#include "base/utf8.h"

#include <string.h>

enum state { IN_START, IN_HEAD, IN_DATA, AFTER_DELIMITER, IN_LINE_END, IN_CLOSE, AT_END, AT_END_LF, OVER };

const char *multipart_fault_text(enum multipart_fault f)
{
    static const char *const texts[] = {
#define FAULT(id, sentence) sentence,
        MULTIPART_FAULTS(FAULT)
#undef FAULT
    };
    return texts[f];
}

/* ---- Content-Type ---- */

/* RFC 2046, 5.1.1; a blank only inside, which quotes would be needed for: not taken. */
static bool is_boundary(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c == '\0' || !strchr("'()+_,-./:=?", c))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= MULTIPART_BOUNDARY_MAX;
}

static struct str unquoted(struct str s)
{
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? (struct str){ s.p + 1, s.n - 2 } : s;
}

bool multipart_boundary(struct str content_type, struct str *boundary)
{
    struct str rest = content_type, item, name;
    *boundary = STR_NONE;
    if (!rest.p || !str_split(&rest, ';', &item) ||
        !str_eq_nocase(str_trim(item), STR("multipart/form-data"))) {
        return false;
    }
    while (str_split(&rest, ';', &item)) {
        item = str_trim(item);
        if (str_split(&item, '=', &name) && str_eq_nocase(name, STR("boundary"))) {
            if (boundary->p) {
                return false;
            }
            *boundary = unquoted(item.p ? item : STR(""));
        }
    }
    return boundary->p && is_boundary(*boundary);
}

/* ---- the headers of a part ---- */

/* A parameter's value: in quotes without a backslash (browsers write %22), or bare. Moves past it. */
static bool take_value(struct str *rest, struct str *value)
{
    if (rest->n > 0 && rest->p[0] == '"') {
        const char *end = memchr(rest->p + 1, '"', rest->n - 1);
        if (!end) {
            return false;
        }
        *value = (struct str){ rest->p + 1, (size_t)(end - rest->p) - 1 };
        *rest = str_skip(*rest, value->n + 2);
        return !memchr(value->p, '\\', value->n) || value->n == 0;
    }
    const char *end = rest->n > 0 ? memchr(rest->p, ';', rest->n) : NULL;
    *value = (struct str){ rest->p, end ? (size_t)(end - rest->p) : rest->n };
    *rest = str_skip(*rest, value->n);
    *value = str_trim(*value);
    return value->n > 0;
}

struct disposition {
    struct str name;
    bool named, is_file, seen;
};

static bool take_parameter(struct str *rest, struct disposition *d)
{
    struct str name, value;
    const char *equals = memchr(rest->p, '=', rest->n);
    if (!equals) {
        return false;
    }
    name = str_trim((struct str){ rest->p, (size_t)(equals - rest->p) });
    *rest = str_skip(*rest, (size_t)(equals - rest->p) + 1);
    if (!take_value(rest, &value)) {
        return false;
    }
    if (str_eq_nocase(name, STR("name"))) {
        bool twice = d->named;
        d->name = value;
        d->named = true;
        return !twice;
    }
    /* What a file is called elsewhere is of no interest; filename* is the same in another spelling. */
    bool filename = str_eq_nocase(name, STR("filename")) || str_eq_nocase(name, STR("filename*"));
    d->is_file = d->is_file || filename;
    return filename;
}

static bool read_disposition(struct str value, struct disposition *d)
{
    struct str kind, rest = value;
    if (d->seen || !str_split(&rest, ';', &kind) || !str_eq_nocase(str_trim(kind), STR("form-data"))) {
        return false;
    }
    d->seen = true;
    while (rest.p && str_trim(rest).n > 0) {
        rest = str_trim(rest);
        if (!take_parameter(&rest, d)) {
            return false;
        }
        rest = str_trim(rest);
        if (rest.n > 0 && rest.p[0] != ';') {
            return false;
        }
        rest = rest.n > 0 ? str_skip(rest, 1) : STR_NONE;
    }
    return d->named;
}

static bool is_plain(struct str encoding)
{
    return str_eq_nocase(encoding, STR("binary")) || str_eq_nocase(encoding, STR("8bit")) ||
           str_eq_nocase(encoding, STR("7bit"));
}

static enum multipart_fault read_header(struct str line, struct disposition *d)
{
    const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
    if (!colon || colon == line.p || str_has_control(line, false)) {
        return MULTIPART_HEAD;
    }
    struct str name = { line.p, (size_t)(colon - line.p) };
    struct str value = str_trim(str_skip(line, name.n + 1));
    if (memchr(name.p, ' ', name.n) || memchr(name.p, '\t', name.n)) { /* a folded line among others */
        return MULTIPART_HEAD;
    }
    if (str_eq_nocase(name, STR("content-disposition"))) {
        return read_disposition(value, d) ? MULTIPART_FINE : MULTIPART_DISPOSITION;
    }
    if (str_eq_nocase(name, STR("content-transfer-encoding"))) {
        return is_plain(value) ? MULTIPART_FINE : MULTIPART_ENCODING;
    }
    bool parts = str_eq_nocase(name, STR("content-type")) && value.n >= 10 &&
                 str_eq_nocase((struct str){ value.p, 10 }, STR("multipart/"));
    return parts ? MULTIPART_ENCODING : MULTIPART_FINE;
}

static bool is_name(struct str name)
{
    return name.n > 0 && name.n <= MULTIPART_NAME_MAX && utf8_valid(name) && !str_has_control(name, false);
}

/* The lines in m->head, the last of them empty. */
static enum multipart_fault read_head(struct multipart *m)
{
    struct disposition d = { .named = false };
    for (size_t at = 0; at + 2 < m->head_size;) {
        const char *end = memchr(m->head + at, '\r', m->head_size - at);
        if (!end || end[1] != '\n') {
            return MULTIPART_HEAD;
        }
        struct str line = { m->head + at, (size_t)(end - m->head) - at };
        enum multipart_fault f = read_header(line, &d);
        if (f) {
            return f;
        }
        at += line.n + 2;
    }
    if (!d.seen) {
        return MULTIPART_DISPOSITION;
    }
    if (!is_name(d.name)) {
        return MULTIPART_NAME;
    }
    return m->calls->part(m->data, d.name, d.is_file) ? MULTIPART_FINE : MULTIPART_REFUSED;
}

/* ---- states ---- */

void multipart_start(struct multipart *m, struct str boundary, const struct multipart_calls *calls,
                     void *data)
{
    *m = (struct multipart){ .calls = calls, .data = data, .state = IN_START };
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    m->delimiter_size = boundary.n + 4;
    m->matched = 2; /* the first has no line before it */
}

static enum multipart_fault in_start(struct multipart *m, char c)
{
    if (c != m->delimiter[m->matched]) {
        return MULTIPART_START;
    }
    if (++m->matched == m->delimiter_size) {
        m->state = AFTER_DELIMITER;
    }
    return MULTIPART_FINE;
}

static enum multipart_fault after_delimiter(struct multipart *m, char c)
{
    m->state = c == '\r' ? IN_LINE_END : IN_CLOSE;
    return c == '\r' || (c == '-' && m->parts > 0) ? MULTIPART_FINE : MULTIPART_BOUNDARY;
}

static enum multipart_fault in_line_end(struct multipart *m, char c)
{
    m->state = IN_HEAD;
    m->head_size = 0;
    if (c != '\n') {
        return MULTIPART_BOUNDARY;
    }
    return ++m->parts > MULTIPART_PARTS_MAX ? MULTIPART_PARTS : MULTIPART_FINE;
}

static enum multipart_fault in_head(struct multipart *m, char c)
{
    if (m->head_size == MULTIPART_HEAD_MAX) {
        return MULTIPART_HEAD_SIZE;
    }
    m->head[m->head_size++] = c;
    bool over = (m->head_size == 2 && memcmp(m->head, "\r\n", 2) == 0) ||
                (m->head_size >= 4 && memcmp(m->head + m->head_size - 4, "\r\n\r\n", 4) == 0);
    if (!over) {
        return MULTIPART_FINE;
    }
    m->state = IN_DATA;
    m->matched = 0;
    return read_head(m);
}

static enum multipart_fault at_end(struct multipart *m, char c)
{
    int before = m->state;
    m->state = before == AT_END ? AT_END_LF : OVER;
    bool ends_line = (before == AT_END && c == '\r') || (before == AT_END_LF && c == '\n');
    return ends_line ? MULTIPART_FINE : MULTIPART_AFTER_END;
}

static enum multipart_fault step(struct multipart *m, char c)
{
    switch (m->state) {
    case IN_START:
        return in_start(m, c);
    case AFTER_DELIMITER:
        return after_delimiter(m, c);
    case IN_LINE_END:
        return in_line_end(m, c);
    case IN_HEAD:
        return in_head(m, c);
    case IN_CLOSE:
        m->state = AT_END;
        return c == '-' ? MULTIPART_FINE : MULTIPART_BOUNDARY;
    default:
        return at_end(m, c);
    }
}

/* ---- data ---- */

static bool give(struct multipart *m, const char *p, size_t n)
{
    return n == 0 || m->calls->data(m->data, (struct str){ p, n });
}

/* As far as a delimiter goes on that has begun. False when a part is refused. */
static bool match(struct multipart *m, struct str *bytes)
{
    while (bytes->n > 0 && m->matched < m->delimiter_size && bytes->p[0] == m->delimiter[m->matched]) {
        m->matched++;
        *bytes = str_skip(*bytes, 1);
    }
    if (m->matched == m->delimiter_size) {
        m->state = AFTER_DELIMITER;
        return m->calls->end(m->data);
    }
    if (bytes->n > 0) { /* it was none */
        size_t was = m->matched;
        m->matched = 0;
        return give(m, m->delimiter, was);
    }
    return true;
}

static enum multipart_fault in_data(struct multipart *m, struct str *bytes)
{
    bool fine = true;
    if (m->matched == 0) {
        const char *cr = memchr(bytes->p, '\r', bytes->n);
        size_t n = cr ? (size_t)(cr - bytes->p) : bytes->n;
        fine = give(m, bytes->p, n);
        *bytes = str_skip(*bytes, n);
        m->matched = cr != NULL;
        *bytes = str_skip(*bytes, m->matched);
    }
    fine = fine && (m->matched == 0 || match(m, bytes));
    return fine ? MULTIPART_FINE : MULTIPART_REFUSED;
}

enum multipart_fault multipart_feed(struct multipart *m, struct str bytes)
{
    while (!m->fault && bytes.n > 0) {
        if (m->state == IN_DATA) {
            m->fault = in_data(m, &bytes);
        } else {
            m->fault = step(m, bytes.p[0]);
            bytes = str_skip(bytes, 1);
        }
    }
    return m->fault;
}

enum multipart_fault multipart_finish(struct multipart *m)
{
    if (!m->fault && m->state != AT_END && m->state != OVER) {
        m->fault = MULTIPART_CUT_OFF;
    }
    return m->fault;
}
