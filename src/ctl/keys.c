/* What the commands about signing keys share. */
#include "ctl/keys.h"

#include "base/clock.h"
#include "ctl/audit.h"

#include <inttypes.h>
#include <string.h>

#define SECOND_US  1000000
#define NAME_LEAST 4

enum ctl_exit keys_begin(struct ctl *ctl, struct key_folder_edit *e)
{
    char error[512];
    const struct options *o = ctl_options(ctl);
    if (!o) {
        return CTL_FAILED;
    }
    if (!key_folder_begin(e, o->token_keys, error, sizeof(error))) {
        return ctl_fail(CTL_FAILED, "%s", error);
    }
    return CTL_OK;
}

const struct key_entry *keys_named(const struct key_folder_edit *e, const char *name)
{
    const struct key_entry *found = NULL;
    size_t n = strlen(name);
    if (n < NAME_LEAST) {
        ctl_say("name the key by at least its first %d characters", NAME_LEAST);
        return NULL;
    }
    for (size_t i = 0; i < e->list.count; i++) {
        const struct key_entry *k = &e->list.entry[i];
        if (strncmp(k->id, name, n) == 0 && found) {
            ctl_say("several keys begin with %.43s; name it by more characters", name);
            return NULL;
        }
        found = strncmp(k->id, name, n) == 0 ? k : found;
    }
    if (!found) {
        ctl_say("there is no key %.43s; nexusctl keys list shows them", name);
    }
    return found;
}

int64_t keys_now_s(void)
{
    return clock_unix_us() / SECOND_US;
}

bool keys_waited(const struct key_entry *k, int64_t wait_us, const char *what)
{
    int64_t left = k->since_s + wait_us / SECOND_US - keys_now_s();
    if (left > 0) {
        ctl_say("%s; wait %" PRId64 " s more, or say --now", what, left);
    }
    return left <= 0;
}

void keys_tell(struct ctl *ctl, enum audit_action action, const char *key, const char *after)
{
    char why[256] = "";
    enum ctl_exit ignored;
    PGconn *c = pg_open(ctl_options(ctl), PG_OWNER, why, sizeof(why), &ignored);
    if (!c || !ctl_audit(c, action, key, NULL, after)) {
        ctl_say("done, but the audit log was not told%s%s", why[0] ? ": " : "", why);
    }
    if (c) {
        pg_close(c);
    }
}
