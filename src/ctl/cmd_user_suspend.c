/* nexusctl user suspend */
#include "ctl/commands.h"
#include "ctl/user.h"

static enum ctl_exit user_suspend_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "The account; required." },
    { "reason", "TEXT", "Why, for the audit log; required." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_suspend = {
    .name = "user suspend",
    .args = "",
    .example = "nexusctl user suspend --email ada@example.com --reason 'Case 4711'",
    .summary = "Suspend an account and end its sessions",
    .doc =
        "All sessions of the account end at once, it cannot log in, and what it offers is found and booked "
        "by "
        "nobody; bookings that were made stay. The last active account with the role admin is not suspended.",
    .options = options,
    .run = user_suspend_run,
};

static enum ctl_exit user_suspend_run(struct ctl *ctl)
{
    return user_change_status(ctl, &(struct user_change){ "active", "suspended", AUDIT_USER_SUSPEND });
}
