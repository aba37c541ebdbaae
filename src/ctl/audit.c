/* Entries of the audit log made at the shell. */
#include "ctl/audit.h"

#include "base/utf8.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_MAX_SHOWN 64

/* SUDO_USER is what the caller's environment says; it is recorded as such, behind the name that is certain.
 */
static void operator_name(char *out, size_t size)
{
    const struct passwd *entry = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    if (entry) {
        snprintf(out, size, "nexusctl:%.*s", NAME_MAX_SHOWN, entry->pw_name);
    } else {
        snprintf(out, size, "nexusctl:%lu", (unsigned long)getuid());
    }
    if (sudo && sudo[0] && utf8_valid(str_from(sudo))) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, " (sudo: %.*s)", NAME_MAX_SHOWN, sudo);
    }
    ctl_clean(out);
}

bool ctl_audit(PGconn *c, enum audit_action action, const char *target, const char *before, const char *after)
{
    char id[UUID_TEXT_SIZE], who[192];
    struct uuid fresh = uuid_v7();
    uuid_format(id, &fresh);
    operator_name(who, sizeof(who));
    const char *params[] = { id,     who,  audit_action_name(action), audit_action_target(action), target,
                             before, after };
    PGresult *r =
        pg_query_params(c,
                        "select audit_append($1::uuid, null, null, null, $2, null, null, $3, $4, $5,"
                        " $6::jsonb, $7::jsonb)",
                        7, params);
    PQclear(r);
    return r != NULL;
}

bool ctl_audit_watch(PGconn *c, enum audit_action action, const char *target)
{
    const char *params[] = { audit_action_target(action), target };
    PGresult *r = pg_query_params(c, "select audit_watch($1, $2::uuid)", 2, params);
    PQclear(r);
    return r != NULL;
}

bool ctl_audit_change(PGconn *c, enum audit_action action, const char *target)
{
    char id[UUID_TEXT_SIZE], who[192];
    struct uuid fresh = uuid_v7();
    uuid_format(id, &fresh);
    operator_name(who, sizeof(who));
    const char *params[] = { id, who, audit_action_name(action), audit_action_target(action), target };
    PGresult *r = pg_query_params(
        c, "select audit_append_change($1::uuid, null, null, null, $2, null, null, $3, $4, $5)", 5, params);
    PQclear(r);
    return r != NULL;
}
