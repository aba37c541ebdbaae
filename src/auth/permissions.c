/* What each role allows. */
#include "auth/auth.h"

#define BIT(p) (UINT64_C(1) << (p))

static const char *const names[PERM_COUNT] = {
#define PERM(id, name, doc) [id] = name,
#include "auth/permissions.def"
#undef PERM
};

_Static_assert(PERM_COUNT <= 64, "permissions are bits of one word");

static const struct {
    const char *role;
    uint64_t perms;
} roles_known[] = {
    { "guest", BIT(PERM_PUBLIC) | BIT(PERM_ACCOUNT) | BIT(PERM_BOOKING_CREATE) | BIT(PERM_BOOKING_READ) },
    { "host", BIT(PERM_PUBLIC) | BIT(PERM_ACCOUNT) | BIT(PERM_PROPERTY_WRITE) | BIT(PERM_BOOKING_READ) },
    { "support", BIT(PERM_PUBLIC) | BIT(PERM_ACCOUNT) | BIT(PERM_BOOKING_READ) },
    { "admin", BIT(PERM_COUNT) - 1 },
};

const char *perm_name(enum perm p)
{
    return (unsigned)p < PERM_COUNT ? names[p] : "unknown";
}

/* Unknown roles allow nothing. */
static uint64_t perm_of_role(struct str role)
{
    for (size_t i = 0; i < sizeof(roles_known) / sizeof(roles_known[0]); i++) {
        if (str_eqz(role, roles_known[i].role)) {
            return roles_known[i].perms;
        }
    }
    return 0;
}

uint64_t perm_of_roles(struct str roles)
{
    uint64_t perms = 0;
    struct str role;
    while (roles_next(&roles, &role)) {
        perms |= perm_of_role(role);
    }
    return perms;
}

static bool is_separator(char c)
{
    return c == ',' || c == ' ';
}

bool roles_next(struct str *rest, struct str *role)
{
    while (rest->n > 0 && is_separator(rest->p[0])) {
        *rest = str_skip(*rest, 1);
    }
    size_t n = 0;
    while (n < rest->n && !is_separator(rest->p[n])) {
        n++;
    }
    *role = (struct str){ rest->p, n };
    *rest = str_skip(*rest, n);
    return n > 0;
}
