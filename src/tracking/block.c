/* Networks that may be blocked, and their texts. */
#include "tracking/tracking.h"

#include <stdio.h>

#define V4_BEGIN   96
#define V4_LEAST   (V4_BEGIN + 8)
#define V6_LEAST   16
#define V4_VAGUE   (V4_BEGIN + 24)
#define V6_VAGUE   48
#define V4_IN_V6_N 10 /* bytes of zero before ::ffff:0:0/96 */

bool block_fits(const struct address *first, unsigned prefix)
{
    static const struct address zero;
    if (address_is_v4(first)) {
        return prefix >= V4_LEAST;
    }
    bool around_v4 = prefix < V4_BEGIN && memcmp(first, &zero, V4_IN_V6_N) == 0;
    return prefix >= V6_LEAST && !around_v4;
}

void block_vague(struct address *first, unsigned *prefix)
{
    unsigned most = address_is_v4(first) ? V4_VAGUE : V6_VAGUE;
    *prefix = *prefix < most ? *prefix : most;
    address_mask(first, *prefix);
}

void network_format(char out[NETWORK_TEXT_SIZE], const struct address *first, unsigned prefix)
{
    char text[ADDRESS_TEXT_SIZE];
    address_format(text, first);
    snprintf(out, NETWORK_TEXT_SIZE, "%s/%u", text, prefix - (address_is_v4(first) ? V4_BEGIN : 0));
}
