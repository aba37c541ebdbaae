/* What is kept of where a session is used from. */
#include "session/session.h"

#include "base/utf8.h"

#include <arpa/inet.h>

#define USER_AGENT_MAX 256 /* Unicode scalars, as the table allows */

struct str session_network(struct arena *a, struct str address)
{
    struct in6_addr v6;
    struct in_addr v4;
    char text[INET6_ADDRSTRLEN];
    const char *z = arena_strdup(a, address.p ? address : STR(""));
    bool four = inet_pton(AF_INET, z, &v4) == 1;
    if (!four && inet_pton(AF_INET6, z, &v6) != 1) {
        return STR_NONE;
    }
    if (!four && IN6_IS_ADDR_V4MAPPED(&v6)) {
        memcpy(&v4, &v6.s6_addr[12], sizeof v4);
        four = true;
    }
    if (four) {
        v4.s_addr &= htonl(0xffffff00);
        inet_ntop(AF_INET, &v4, text, sizeof text);
        return str_from(arena_printf(a, "%s/24", text));
    }
    memset(&v6.s6_addr[6], 0, 10);
    inet_ntop(AF_INET6, &v6, text, sizeof text);
    return str_from(arena_printf(a, "%s/48", text));
}

struct str session_user_agent(struct arena *a, struct str header)
{
    struct str rest = str_trim(header.p ? header : STR(""));
    char *to = arena_alloc(a, rest.n + 1);
    size_t n = 0, count = 0;
    while (rest.n > 0 && count < USER_AGENT_MAX) {
        uint32_t scalar;
        size_t length = utf8_decode(rest, &scalar);
        if (length > 0 && scalar >= 0x20 && (scalar < 0x7f || scalar > 0x9f)) {
            memcpy(to + n, rest.p, length);
            n += length;
            count++;
        }
        rest = str_skip(rest, length > 0 ? length : 1);
    }
    return n > 0 ? (struct str){ to, n } : STR_NONE;
}
