/* What of str.h is too long to be inline. */
#include "base/str.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s = str_skip(s, 1);
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

bool str_split(struct str *rest, char separator, struct str *item)
{
    if (!rest->p) {
        return false;
    }
    const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
    if (!at) {
        *item = *rest;
        *rest = STR_NONE;
        return true;
    }
    *item = (struct str){ rest->p, (size_t)(at - rest->p) };
    *rest = (struct str){ at + 1, rest->n - item->n - 1 };
    return true;
}

bool str_int64(struct str s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    if (negative) {
        s = str_skip(s, 1);
    }
    if (s.n == 0) {
        return false;
    }
    /* Summed up below zero, where one more value fits than above. */
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, digit, &v)) {
            return false;
        }
    }
    if (!negative && v == INT64_MIN) {
        return false;
    }
    *out = negative ? v : -v;
    return true;
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

bool str_has_control(struct str text, bool multiline)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool c1 = c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0;
        if (c1 || c == 0x7F || (c < 0x20 && !(multiline && (c == '\n' || c == '\t')))) {
            return true;
        }
    }
    return false;
}
