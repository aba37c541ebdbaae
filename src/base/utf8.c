/* UTF-8 decoding and encoding. */
#include "base/utf8.h"

/* Lead byte ranges (RFC 3629, section 4): the second byte's bounds exclude overlong forms and surrogates. */
static const struct lead {
    uint8_t from, to;
    uint8_t length;
    uint8_t mask; /* bits of the lead byte that belong to the scalar */
    uint8_t second_min, second_max;
} leads[] = {
    { 0xC2, 0xDF, 2, 0x1F, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0x0F, 0xA0, 0xBF },
    { 0xE1, 0xEC, 3, 0x0F, 0x80, 0xBF }, { 0xED, 0xED, 3, 0x0F, 0x80, 0x9F },
    { 0xEE, 0xEF, 3, 0x0F, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x07, 0x90, 0xBF },
    { 0xF1, 0xF3, 4, 0x07, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x07, 0x80, 0x8F },
};

static const struct lead *lead_find(uint8_t c)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (c >= leads[i].from && c <= leads[i].to) {
            return &leads[i];
        }
    }
    return NULL;
}

size_t utf8_decode(struct str s, uint32_t *scalar)
{
    if (s.n == 0) {
        return 0;
    }
    const uint8_t *p = (const uint8_t *)s.p;
    if (p[0] < 0x80) {
        *scalar = p[0];
        return 1;
    }
    const struct lead *lead = lead_find(p[0]);
    if (!lead || s.n < lead->length || p[1] < lead->second_min || p[1] > lead->second_max) {
        return 0;
    }
    uint32_t v = p[0] & lead->mask;
    for (size_t i = 1; i < lead->length; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        v = v << 6 | (p[i] & 0x3F);
    }
    *scalar = v;
    return lead->length;
}

size_t utf8_encode(char out[4], uint32_t scalar)
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    size_t length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (scalar & 0x3F));
        scalar >>= 6;
    }
    out[0] = (char)(marks[length] | scalar);
    return length;
}

bool utf8_valid(struct str s)
{
    while (s.n > 0) {
        uint32_t scalar;
        size_t length = utf8_decode(s, &scalar);
        if (length == 0) {
            return false;
        }
        s = str_skip(s, length);
    }
    return true;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++) {
        count += ((uint8_t)s.p[i] & 0xC0) != 0x80;
    }
    return count;
}
