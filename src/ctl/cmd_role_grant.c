/* nexusctl role grant */
#include "ctl/commands.h"
#include "ctl/role.h"

static enum ctl_exit role_grant_run(struct ctl *ctl);

const struct ctl_command ctl_role_grant = {
    .name = "role grant",
    .args = "ROLE PERMISSION...",
    .example = "nexusctl role grant support user.manage",
    .summary = "Add permissions to a role",
    .doc = "Counts at once for everybody who has the role, also for tokens that are out.",
    .min_args = 2,
    .max_args = 32,
    .run = role_grant_run,
};

static enum ctl_exit role_grant_run(struct ctl *ctl)
{
    return role_change(ctl, "with given as (insert into role_permissions (role_name, permission) select $1, "
                            "unnest($2::text[]) on conflict do nothing)"
                            " update roles set version = version + 1, updated_at = now() where name = $1");
}
