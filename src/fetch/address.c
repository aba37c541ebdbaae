/* Which addresses are of the public Internet. */
#include "fetch/fetch.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct range {
    unsigned char prefix[16];
    unsigned bits;
};

/* IANA's special-purpose registries: what is not globally reachable, and multicast. */
static const struct range ranges4[] = {
    { { 0 }, 8 },
    { { 10 }, 8 },
    { { 100, 64 }, 10 },
    { { 127 }, 8 },
    { { 169, 254 }, 16 },
    { { 172, 16 }, 12 },
    { { 192, 0, 0 }, 24 },
    { { 192, 0, 2 }, 24 },
    { { 192, 31, 196 }, 24 },
    { { 192, 52, 193 }, 24 },
    { { 192, 88, 99 }, 24 },
    { { 192, 168 }, 16 },
    { { 192, 175, 48 }, 24 },
    { { 198, 18 }, 15 },
    { { 198, 51, 100 }, 24 },
    { { 203, 0, 113 }, 24 },
    { { 224 }, 3 }, /* multicast, and everything above */
};

/* Of IPv6 only 2000::/3 is given out; within it some is not what it seems: Teredo and protocols,
 * documentation, 6to4. */
static const struct range global6 = { { 0x20 }, 3 };
static const struct range ranges6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
    { { 0x20, 0x02 }, 16 },
    { { 0x3f, 0xff }, 20 },
    { { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 }, 48 },
};

static bool within(const unsigned char *address, const struct range *r)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    return memcmp(address, r->prefix, whole) == 0 &&
           (rest == 0 || (address[whole] ^ r->prefix[whole]) >> (8 - rest) == 0);
}

static bool within_any(const unsigned char *address, const struct range *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (within(address, &list[i])) {
            return true;
        }
    }
    return false;
}

/* Choosing where a datagram would come from sends none. */
bool fetch_address_is_own(const struct sockaddr *address)
{
    struct sockaddr_storage local = { 0 };
    socklen_t n = sizeof(local);
    bool six = address->sa_family == AF_INET6, own = false;
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    if (connect(fd, address, six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) == 0 &&
        getsockname(fd, (struct sockaddr *)&local, &n) == 0) {
        const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)(const void *)address;
        const struct sockaddr_in *a4 = (const struct sockaddr_in *)(const void *)address;
        own = six ? memcmp(&a6->sin6_addr, &((struct sockaddr_in6 *)&local)->sin6_addr, 16) == 0
                  : memcmp(&a4->sin_addr, &((struct sockaddr_in *)&local)->sin_addr, 4) == 0;
    }
    close(fd);
    return own;
}

bool fetch_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        unsigned char bytes[4];
        memcpy(bytes, &in->sin_addr, sizeof(bytes));
        return !within_any(bytes, ranges4, sizeof(ranges4) / sizeof(ranges4[0]));
    }
    if (address->sa_family == AF_INET6) { /* mapped IPv4 and NAT64 are outside of 2000::/3 */
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
        unsigned char bytes[16];
        memcpy(bytes, &in->sin6_addr, sizeof(bytes));
        return within(bytes, &global6) && !within_any(bytes, ranges6, sizeof(ranges6) / sizeof(ranges6[0]));
    }
    return false;
}
