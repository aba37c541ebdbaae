/* nexusctl keys retire */
#include "ctl/commands.h"
#include "ctl/keys.h"

#include <string.h>

static enum ctl_exit keys_retire_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "now", NULL, "At once, also the active key: another one signs from now on, made when there is none." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_keys_retire = {
    .name = "keys retire",
    .args = "KEY",
    .example = "nexusctl keys retire kPrK_qmx",
    .summary = "Accept nothing any more that a key has signed",
    .doc = "Removes the key. Refused for the active key, and for an old one before the last token it has "
           "signed has ended "
           "(token_lifetime). In an emergency --now does it at once: every token the key has signed is "
           "refused within a second.",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = keys_retire_run,
};

/* Another key signs: the one published longest, or a new one. */
static bool replace(struct ctl *ctl, struct key_folder_edit *e, enum key_algorithm algorithm, char *error,
                    size_t error_size)
{
    struct key_entry next = { .id = "" };
    for (size_t i = 0; i < e->list.count && !next.id[0]; i++) {
        if (e->list.entry[i].state == KEY_PUBLISHED) {
            next = e->list.entry[i];
        }
    }
    bool made = !next.id[0];
    if ((made && !key_folder_generate(e, algorithm, keys_now_s(), &next, error, error_size)) ||
        !key_folder_activate(e, next.id, keys_now_s(), error, error_size)) {
        return false;
    }
    if (made) {
        keys_tell(ctl, AUDIT_KEY_GENERATE, next.id, NULL);
    }
    keys_tell(ctl, AUDIT_KEY_ACTIVATE, next.id, NULL);
    return true;
}

static enum ctl_exit may_retire(struct ctl *ctl, const struct key_entry *k)
{
    if (ctl_given(ctl, "now")) {
        return CTL_OK;
    }
    if (k->state == KEY_ACTIVE) {
        return ctl_fail(CTL_FAILED,
                        "the key is active; make another one active first, or say --now in an emergency");
    }
    bool waited = k->state != KEY_OLD ||
                  keys_waited(k, ctl_options(ctl)->token_lifetime, "tokens it has signed are still valid");
    return waited ? CTL_OK : CTL_TRY_AGAIN;
}

static enum ctl_exit retire(struct ctl *ctl, struct key_folder_edit *e)
{
    char error[512], id[KEY_ID_SIZE + 1];
    const struct key_entry *k = keys_named(e, ctl_arg(ctl, 0));
    enum ctl_exit exit = k ? may_retire(ctl, k) : CTL_NOT_FOUND;
    if (exit != CTL_OK) {
        return exit;
    }
    memcpy(id, k->id, sizeof(id));
    if ((k->state == KEY_ACTIVE && !replace(ctl, e, k->algorithm, error, sizeof(error))) ||
        !key_folder_retire(e, id, error, sizeof(error))) {
        return ctl_fail(CTL_FAILED, "%s", error);
    }
    keys_tell(ctl, AUDIT_KEY_RETIRE, id, NULL);
    return CTL_OK;
}

static enum ctl_exit keys_retire_run(struct ctl *ctl)
{
    struct key_folder_edit e;
    enum ctl_exit exit = keys_begin(ctl, &e);
    if (exit == CTL_OK) {
        exit = retire(ctl, &e);
        key_folder_end(&e);
    }
    return exit;
}
