/* Names of permissions, and sets of them. */
#include "auth/auth.h"

#define BIT(p) (UINT64_C(1) << (p))

static const char *const names[PERM_COUNT] = {
#define PERM(id, name, doc) [id] = name,
#include "auth/permissions.def"
#undef PERM
};

_Static_assert(PERM_COUNT < 64, "permissions are bits of one word, and the last is none of them");

const char *perm_name(enum perm p)
{
    return (unsigned)p < PERM_COUNT ? names[p] : "unknown";
}

enum perm perm_find(struct str name)
{
    int p = 0;
    while (p < PERM_COUNT && !str_eqz(name, names[p])) {
        p++;
    }
    return (enum perm)p;
}

uint64_t perm_set(struct str list)
{
    uint64_t perms = 0;
    struct str name;
    while (perm_next(&list, &name)) {
        perms |= str_eqz(name, "*") ? PERM_ALL : BIT(perm_find(name)) & PERM_ALL;
    }
    return perms;
}

static bool is_separator(char c)
{
    return c == ',' || c == ' ';
}

bool perm_next(struct str *rest, struct str *name)
{
    while (rest->n > 0 && is_separator(rest->p[0])) {
        *rest = str_skip(*rest, 1);
    }
    size_t n = 0;
    while (n < rest->n && !is_separator(rest->p[n])) {
        n++;
    }
    *name = (struct str){ rest->p, n };
    *rest = str_skip(*rest, n);
    return n > 0;
}
