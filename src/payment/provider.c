/* The payment providers there are. */
#include "payment/provider.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#define MAC_SIZE 32

const struct payment_provider payment_offline = {
    .name = "offline",
    .doc = "Money that goes from the guest to the host without us.",
    .by_hand = true,
};

static const struct payment_provider *const providers[] = { &payment_offline, &payment_stripe,
                                                            &payment_chapa };

const struct payment_provider *payment_provider(struct str name)
{
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        if (str_eqz(name, providers[i]->name)) {
            return providers[i];
        }
    }
    return NULL;
}

static void mac(struct str key, struct str head, struct str body, unsigned char out[MAC_SIZE])
{
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", (char *)"SHA256", 0), OSSL_PARAM_END };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *c = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    size_t size;
    if (!c || EVP_MAC_init(c, (const unsigned char *)key.p, key.n, params) != 1 ||
        EVP_MAC_update(c, (const unsigned char *)head.p, head.n) != 1 ||
        EVP_MAC_update(c, (const unsigned char *)body.p, body.n) != 1 ||
        EVP_MAC_final(c, out, &size, MAC_SIZE) != 1) {
        abort();
    }
    EVP_MAC_CTX_free(c);
    EVP_MAC_free(hmac);
}

bool payment_mac_is(struct str key, struct str head, struct str body, struct str hex)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[MAC_SIZE];
    char text[2 * MAC_SIZE];
    mac(key, head, body, bytes);
    for (size_t i = 0; i < MAC_SIZE; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return hex.n == sizeof(text) && CRYPTO_memcmp(hex.p, text, sizeof(text)) == 0;
}
