/* Internet addresses as 16 bytes: IPv6, and IPv4 as the IPv6 address ::ffff:a.b.c.d it is mapped to. */
#ifndef NEXUS_BASE_ADDRESS_H
#define NEXUS_BASE_ADDRESS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_TEXT_SIZE 46 /* with NUL */

struct address {
    uint8_t b[16];
};

/* False, with all bytes zero, when the text is no address. */
bool address_parse(struct str text, struct address *out);
/*
 * "192.0.2.7", "192.0.2.0/24", "2001:db8::/32": `prefix` is of 128 bits, bits behind it are cleared. False
 * for what is no network, and for IPv4 in the notation of IPv6.
 */
bool network_parse(struct str text, struct address *first, unsigned *prefix);
/* Clear what is behind the prefix. */
void address_mask(struct address *a, unsigned prefix);
/* IPv4 in its own notation. */
void address_format(char out[ADDRESS_TEXT_SIZE], const struct address *a);
bool address_is_v4(const struct address *a);
/* ::, which stands for none. */
bool address_is_none(const struct address *a);

#endif
