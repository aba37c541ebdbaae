/* base64url; six bits at a time, because tokens are short and verified ones are cached. */
#include "base/base64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_encode(char *out, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | p[i];
        for (have += 8; have >= 6; have -= 6) {
            out[used++] = alphabet[bits >> (have - 6) & 63];
        }
    }
    if (have > 0) {
        out[used++] = alphabet[bits << (6 - have) & 63];
    }
    return used;
}

/* -1: not in the alphabet. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(struct str s, void *out, size_t cap, size_t *n)
{
    unsigned char *p = out;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t used = 0;
    if (s.n % 4 == 1 || BASE64URL_BYTES(s.n) > cap) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        int value = value_of(s.p[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            p[used++] = (unsigned char)(bits >> have);
        }
    }
    *n = used;
    return (bits & ((1u << have) - 1)) == 0;
}
