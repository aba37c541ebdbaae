/* Addresses and their texts. */
#include "base/address.h"

#include <arpa/inet.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool address_parse(struct str text, struct address *out)
{
    char z[ADDRESS_TEXT_SIZE];
    *out = (struct address){ { 0 } };
    if (!text.p || text.n >= sizeof(z)) {
        return false;
    }
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET, z, out->b + 12) == 1) {
        memcpy(out->b, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, z, out->b) == 1;
}

bool address_is_v4(const struct address *a)
{
    return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

void address_mask(struct address *a, unsigned prefix)
{
    for (unsigned i = 0; i < sizeof(a->b); i++) {
        unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;
        a->b[i] &= (uint8_t)(kept >= 8 ? 0xff : 0xff00 >> kept);
    }
}

bool network_parse(struct str text, struct address *first, unsigned *prefix)
{
    struct str rest = text, head;
    int64_t bits = 0;
    if (!str_split(&rest, '/', &head) || !address_parse(head, first)) {
        return false;
    }
    bool v4 = address_is_v4(first);
    unsigned width = v4 ? 32 : 128;
    if ((v4 && memchr(head.p, ':', head.n)) ||
        (rest.p && (!str_int64(rest, &bits) || bits < 0 || bits > width || rest.n > 3))) {
        return false;
    }
    *prefix = (rest.p ? (unsigned)bits : width) + (v4 ? 96 : 0);
    address_mask(first, *prefix);
    return true;
}

bool address_is_none(const struct address *a)
{
    static const struct address none;
    return memcmp(a, &none, sizeof(none)) == 0;
}

void address_format(char out[ADDRESS_TEXT_SIZE], const struct address *a)
{
    bool v4 = address_is_v4(a);
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, out, ADDRESS_TEXT_SIZE);
}
