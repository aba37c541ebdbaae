/* nexusctl keys activate */
#include "ctl/commands.h"
#include "ctl/keys.h"

static enum ctl_exit keys_activate_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "now", NULL, "Although it has not been published for token_key_wait." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_keys_activate = {
    .name = "keys activate",
    .args = "KEY",
    .example = "nexusctl keys activate kPrK_qmx",
    .summary = "Sign with another key from now on",
    .doc = "Workers sign with the key within a second and go on accepting what the one before has signed. "
           "Refused before the key has "
           "been published for token_key_wait, so that everybody who verifies tokens has it by then. With "
           "several hosts, copy the "
           "folder to all of them while the key is only published.",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = keys_activate_run,
};

static enum ctl_exit activate(struct ctl *ctl, struct key_folder_edit *e)
{
    char error[512];
    const struct key_entry *k = keys_named(e, ctl_arg(ctl, 0));
    if (!k) {
        return CTL_NOT_FOUND;
    }
    if (k->state == KEY_PUBLISHED && !ctl_given(ctl, "now") &&
        !keys_waited(k, ctl_options(ctl)->token_key_wait, "others may not have fetched the key yet")) {
        return CTL_TRY_AGAIN;
    }
    char id[KEY_ID_SIZE + 1];
    memcpy(id, k->id, sizeof(id));
    if (!key_folder_activate(e, id, keys_now_s(), error, sizeof(error))) {
        return ctl_fail(CTL_FAILED, "%s", error);
    }
    keys_tell(ctl, AUDIT_KEY_ACTIVATE, id, NULL);
    return CTL_OK;
}

static enum ctl_exit keys_activate_run(struct ctl *ctl)
{
    struct key_folder_edit e;
    enum ctl_exit exit = keys_begin(ctl, &e);
    if (exit == CTL_OK) {
        exit = activate(ctl, &e);
        key_folder_end(&e);
    }
    return exit;
}
