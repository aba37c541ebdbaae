/* Scopes by name, and what they leave of somebody's permissions. */
#include "auth/auth.h"

static const struct {
    const char *name;
    uint64_t perms;
    const char *doc;
} scopes[SCOPE_COUNT] = {
#define SCOPE(id, name, perms, doc) [id] = { name, perms, doc },
#include "auth/scopes.def"
#undef SCOPE
};

_Static_assert(SCOPE_COUNT < 32, "scopes are bits of one word, and not all of them");

const char *scope_name(enum scope s)
{
    return (unsigned)s < SCOPE_COUNT ? scopes[s].name : "unknown";
}

const char *scope_doc(enum scope s)
{
    return (unsigned)s < SCOPE_COUNT ? scopes[s].doc : "";
}

bool scope_find(struct str name, enum scope *out)
{
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        if (str_eqz(name, scopes[s].name)) {
            *out = (enum scope)s;
            return true;
        }
    }
    return false;
}

uint32_t scopes_parse(struct str text)
{
    struct str name;
    enum scope s;
    uint32_t set = 0;
    while (str_split(&text, ' ', &name)) {
        set |= scope_find(name, &s) ? UINT32_C(1) << s : 0;
    }
    return set;
}

uint64_t scopes_perms(uint32_t set)
{
    uint64_t perms = set == SCOPES_ALL ? PERM_ALL : 0;
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        perms |= set >> s & 1u ? scopes[s].perms : 0;
    }
    return perms;
}
