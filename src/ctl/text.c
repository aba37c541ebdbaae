/* Prices, HTML and numbers as other sites write them. */
#include "ctl/text.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

#define PRICE_MAX 100000000000
#define TAG_MAX   64

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str skip_sign(struct str s)
{
    static const char *const signs[] = { "$", "\xe2\x82\xac", "\xc2\xa3",
                                         "\xc2\xa5" }; /* dollar, euro, pound, yen */
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (str_starts(s, str_from(signs[i]))) {
            return str_trim(str_skip(s, strlen(signs[i])));
        }
    }
    size_t n = 0;
    while (n < s.n && s.p[n] >= 'A' && s.p[n] <= 'Z') {
        n++;
    }
    return n == 3 ? str_trim(str_skip(s, 3)) : s;
}

/* Digits in groups of three after a first group of one to three, or without commas at all. */
static bool whole_part(struct str *s, int64_t *out)
{
    size_t i = 0, group = 0;
    bool commas = false;
    int64_t v = 0;
    for (; i < s->n && (is_digit(s->p[i]) || s->p[i] == ','); i++) {
        if (s->p[i] == ',') {
            if (group == 0 || group > 3 || (commas && group != 3)) {
                return false;
            }
            commas = true;
            group = 0;
        } else {
            v = v * 10 + (s->p[i] - '0');
            group++;
        }
        if (v > PRICE_MAX) {
            return false;
        }
    }
    *s = str_skip(*s, i);
    *out = v;
    return group > 0 && (!commas || group == 3);
}

bool text_price(struct str s, int exponent, int64_t *out)
{
    int64_t v;
    s = skip_sign(str_trim(s));
    if (!whole_part(&s, &v)) {
        return false;
    }
    if (s.n > 0 && (s.p[0] != '.' || s.n == 1)) {
        return false;
    }
    s = str_skip(s, 1);
    for (int i = 0; i < exponent; i++) {
        v = v * 10 + (s.n > 0 && is_digit(s.p[0]) ? s.p[0] - '0' : 0);
        if (s.n > 0 && !is_digit(s.p[0])) {
            return false;
        }
        s = str_skip(s, 1);
    }
    for (; s.n > 0; s = str_skip(s, 1)) {
        if (s.p[0] != '0') {
            return false;
        }
    }
    *out = v;
    return v <= PRICE_MAX;
}

/* Length of the tag at the start of s, 0 when there is none. */
static size_t tag_length(struct str s)
{
    bool named =
        s.n > 2 && (s.p[1] == '/' || (s.p[1] >= 'a' && s.p[1] <= 'z') || (s.p[1] >= 'A' && s.p[1] <= 'Z'));
    for (size_t i = 1; named && i < s.n && i < TAG_MAX; i++) {
        if (s.p[i] == '>') {
            return i + 1;
        }
    }
    return 0;
}

static const struct {
    const char *name, *text;
} entities[] = {
    { "&amp;", "&" },   { "&lt;", "<" },  { "&gt;", ">" },
    { "&quot;", "\"" }, { "&#39;", "'" }, { "&nbsp;", " " },
};

/* Handles one piece of HTML and returns its length; what is plain text is appended. */
static size_t take_html(struct str s, struct buf *out)
{
    size_t tag = s.p[0] == '<' ? tag_length(s) : 0;
    if (tag > 0) {
        if (str_eq_nocase((struct str){ s.p, 3 }, STR("<br")) ||
            str_eq_nocase((struct str){ s.p, 3 }, STR("</p"))) {
            buf_addc(out, '\n');
        }
        return tag;
    }
    for (size_t i = 0; s.p[0] == '&' && i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (str_starts(s, str_from(entities[i].name))) {
            buf_addz(out, entities[i].text);
            return strlen(entities[i].name);
        }
    }
    if (s.p[0] != '\r') {
        buf_addc(out, s.p[0]);
    }
    return 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

struct str text_cut(struct str s, size_t limit)
{
    size_t n = 0;
    for (size_t i = 0; i < limit && n < s.n; i++) {
        uint32_t ignored;
        size_t length = utf8_decode(str_skip(s, n), &ignored);
        n += length ? length : 1;
    }
    return (struct str){ s.p, n };
}

void text_from_html(struct str html, size_t limit, struct buf *out)
{
    size_t start = out->n;
    while (html.n > 0) {
        html = str_skip(html, take_html(html, out));
        if (out->n == start + 1 && is_blank(out->p[start])) {
            out->n = start;
        }
    }
    if (out->n > start) {
        out->n = start + text_cut((struct str){ out->p + start, out->n - start }, limit).n;
    }
    while (out->n > start && is_blank(out->p[out->n - 1])) {
        out->n--;
    }
}

int text_halves(struct str s)
{
    int v = 0;
    size_t i = 0;
    for (; i < s.n && is_digit(s.p[i]) && i < 4; i++) {
        v = v * 10 + (s.p[i] - '0');
    }
    if (i == 0 || (i < s.n && is_digit(s.p[i]))) {
        return -1;
    }
    s = str_skip(s, i);
    if (s.n == 0 || str_eqz(s, ".0")) {
        return 2 * v;
    }
    return str_eqz(s, ".5") ? 2 * v + 1 : -1;
}

int text_rating(struct str s)
{
    double v;
    return text_degrees(s, 5, &v) && v >= 0 ? (int)floor(v * 100 + 0.5) : -1;
}

bool text_degrees(struct str s, double bound, double *out)
{
    char text[40];
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]) && s.p[i] != '.' && !(s.p[i] == '-' && i == 0)) {
            return false;
        }
    }
    if (s.n == 0 || s.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    char *end;
    double v = strtod(text, &end);
    *out = round(v * 1e6) / 1e6; /* 11 cm; more in a file is how its maker stores numbers */
    return *end == '\0' && end != text && v >= -bound && v <= bound;
}

void text_city(const char *dir, char *out, size_t size)
{
    struct str s = str_from(dir);
    while (s.n > 0 && s.p[s.n - 1] == '/') {
        s.n--;
    }
    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == '/') {
            s = str_skip(s, i);
            break;
        }
    }
    const struct str prefix = STR("inside-airbnb-");
    s = str_starts(s, prefix) ? str_skip(s, prefix.n) : s;
    bool upper = true;
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 1 < size; i++) {
        char c = s.p[i] == '-' || s.p[i] == '_' ? ' ' : s.p[i];
        out[n++] = upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        upper = c == ' ';
    }
    out[n] = '\0';
}
