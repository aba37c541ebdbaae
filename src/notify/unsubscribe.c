/*
 * Links that unsubscribe: base64url of
 *
 *     bytes 0-15   the user
 *     16...        the event
 *     last 16      HMAC-SHA256 under secret_file of a label and all before, cut to 16 bytes
 */
#include "base/base64url.h"
#include "notify/notify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define USER_BYTES 16
#define MAC_BYTES  16
#define BYTES_MAX  (USER_BYTES + UNSUBSCRIBE_EVENT_MAX + MAC_BYTES)
#define LABEL      "nexus unsubscribe 1"

_Static_assert(BASE64URL_SIZE(BYTES_MAX) <= UNSUBSCRIBE_TOKEN_MAX, "every token is short enough to be read");

static void mac(struct str secret, const unsigned char *bytes, size_t n, unsigned char out[MAC_BYTES])
{
    struct str key = secret.n > 0 ? secret : STR("nexus");
    unsigned char text[sizeof(LABEL) + BYTES_MAX], whole[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    memcpy(text, LABEL, sizeof(LABEL));
    memcpy(text + sizeof(LABEL), bytes, n);
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, text, sizeof(LABEL) + n, whole, &size)) {
        abort();
    }
    memcpy(out, whole, MAC_BYTES);
}

struct str unsubscribe_link(struct arena *a, const struct options *o, struct str secret,
                            const struct uuid *user, struct str event)
{
    unsigned char bytes[BYTES_MAX];
    char token[UNSUBSCRIBE_TOKEN_MAX];
    struct str base = str_from(o->public_url);
    if (event.n > UNSUBSCRIBE_EVENT_MAX) {
        return STR_NONE;
    }
    while (base.n > 0 && base.p[base.n - 1] == '/') {
        base.n--;
    }
    memcpy(bytes, user->b, USER_BYTES);
    memcpy(bytes + USER_BYTES, event.p, event.n);
    mac(secret, bytes, USER_BYTES + event.n, bytes + USER_BYTES + event.n);
    size_t n = base64url_encode(token, bytes, USER_BYTES + event.n + MAC_BYTES);
    return str_from(arena_printf(a, STR_FMT "/v1/unsubscribe?token=%.*s", STR_ARG(base), (int)n, token));
}

bool unsubscribe_read(struct arena *a, struct str secret, struct str token, struct uuid *user,
                      struct str *event)
{
    unsigned char bytes[BYTES_MAX], right[MAC_BYTES];
    size_t n;
    if (!base64url_decode(token, bytes, sizeof(bytes), &n) || n <= USER_BYTES + MAC_BYTES) {
        return false;
    }
    mac(secret, bytes, n - MAC_BYTES, right);
    if (CRYPTO_memcmp(right, bytes + n - MAC_BYTES, MAC_BYTES) != 0) {
        return false;
    }
    memcpy(user->b, bytes, USER_BYTES);
    *event = arena_str(a, (struct str){ (char *)bytes + USER_BYTES, n - USER_BYTES - MAC_BYTES });
    return str_eqz(*event, UNSUBSCRIBE_DIGEST) || notify_event_find(*event) != NULL;
}
