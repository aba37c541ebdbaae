/* nexusctl user restore */
#include "ctl/commands.h"
#include "ctl/user.h"

static enum ctl_exit user_restore_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { "reason", "TEXT", "Why, for the audit log; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_restore = {
    .name = "user restore",
    .args = "",
    .example = "nexusctl user restore --email ada@example.com --reason 'Case 4711'",
    .summary = "Restore a suspended account",
    .doc =
        "The account can log in again and what it offers is found and booked again. Sessions that were ended "
        "stay so.",
    .options = options,
    .run = user_restore_run,
};

static enum ctl_exit user_restore_run(struct ctl *ctl)
{
    return user_change_status(ctl, &(struct user_change){ "suspended", "active", AUDIT_USER_RESTORE });
}
