/* One-time codes. */
#include "auth/totp.h"

#include "auth/secret.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define SHA1_SIZE      20
#define RECOVERY_CHARS 16

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void totp_code(struct str secret, uint64_t counter, int digits, char *out)
{
    static const uint32_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
    unsigned char text[8], mac[SHA1_SIZE];
    size_t size;
    for (int i = 7; i >= 0; i--, counter >>= 8) {
        text[i] = (unsigned char)counter;
    }
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret.p, secret.n, text, sizeof(text), mac, sizeof(mac),
                   &size)) {
        log_msg(LOG_ERROR, "OpenSSL cannot compute");
        abort();
    }
    const unsigned char *at = mac + (mac[SHA1_SIZE - 1] & 15);
    uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(out, (size_t)digits + 1, "%0*u", digits, number % powers[digits]);
}

int64_t totp_step(int64_t unix_us)
{
    return unix_us / 1000000 / TOTP_STEP_S;
}

/* Without blanks; false when that is not `n` characters. */
static bool compact(struct str code, char *out, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == ' ' || code.p[i] == '-') {
            continue;
        }
        if (count == n) {
            return false;
        }
        out[count++] = code.p[i];
    }
    return count == n;
}

bool totp_is_code(struct str code)
{
    char digits[TOTP_DIGITS];
    bool good = compact(code, digits, TOTP_DIGITS);
    for (size_t i = 0; good && i < TOTP_DIGITS; i++) {
        good = digits[i] >= '0' && digits[i] <= '9';
    }
    return good;
}

int64_t totp_match(struct str secret, struct str code, int64_t unix_us, int64_t last_step)
{
    char given[TOTP_DIGITS], right[TOTP_DIGITS + 1];
    int64_t now = totp_step(unix_us), found = 0;
    if (!compact(code, given, TOTP_DIGITS)) {
        return 0;
    }
    for (int64_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++) {
        totp_code(secret, (uint64_t)step, TOTP_DIGITS, right);
        bool same = CRYPTO_memcmp(given, right, TOTP_DIGITS) == 0;
        found = same && step > last_step ? step : found;
    }
    OPENSSL_cleanse(right, sizeof(right));
    return found;
}

struct str totp_base32(struct arena *a, struct str bytes)
{
    size_t n = (bytes.n * 8 + 4) / 5;
    char *out = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t bit = i * 5, byte = bit / 8;
        unsigned two = (unsigned)(unsigned char)bytes.p[byte] << 8;
        two |= byte + 1 < bytes.n ? (unsigned char)bytes.p[byte + 1] : 0u;
        out[i] = base32[two >> (11 - bit % 8) & 31];
    }
    out[n] = '\0';
    return (struct str){ out, n };
}

static struct str escaped(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, 3 * text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        n += (size_t)snprintf(out + n, 4, plain ? "%c" : "%%%02X", c);
    }
    return (struct str){ out, n };
}

struct str totp_uri(struct arena *a, struct str issuer, struct str account, struct str secret)
{
    struct str by = escaped(a, issuer), who = escaped(a, account), key = totp_base32(a, secret);
    return str_from(arena_printf(a,
                                 "otpauth://totp/" STR_FMT ":" STR_FMT "?secret=" STR_FMT "&issuer=" STR_FMT
                                 "&algorithm=SHA1&digits=%d&period=%d",
                                 STR_ARG(by), STR_ARG(who), STR_ARG(key), STR_ARG(by), TOTP_DIGITS,
                                 TOTP_STEP_S));
}

void recovery_code_make(char out[RECOVERY_CODE_SIZE + 1])
{
    unsigned char random[RECOVERY_CHARS];
    secret_random(random, sizeof(random));
    size_t n = 0;
    for (size_t i = 0; i < RECOVERY_CHARS; i++) {
        if (i > 0 && i % 4 == 0) {
            out[n++] = '-';
        }
        char c = base32[random[i] & 31];
        out[n++] = c >= 'A' ? (char)(c - 'A' + 'a') : c;
    }
    out[n] = '\0';
    OPENSSL_cleanse(random, sizeof(random));
}

bool recovery_code_hash(struct str code, unsigned char out[RECOVERY_HASH_SIZE])
{
    char text[RECOVERY_CHARS];
    size_t size;
    bool good = compact(code, text, RECOVERY_CHARS);
    for (size_t i = 0; good && i < RECOVERY_CHARS; i++) {
        text[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        good = text[i] && strchr(base32, text[i]);
    }
    return good && EVP_Q_digest(NULL, "SHA256", NULL, text, sizeof(text), out, &size) == 1;
}
