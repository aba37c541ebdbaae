/* nexusctl role revoke */
#include "ctl/commands.h"
#include "ctl/role.h"

static enum ctl_exit role_revoke_run(struct ctl *ctl);

const struct ctl_command ctl_role_revoke = {
    .name = "role revoke",
    .args = "ROLE PERMISSION...",
    .example = "nexusctl role revoke support user.manage",
    .summary = "Take permissions from a role",
    .doc = "Counts at once for everybody who has the role, also for tokens that are out. The role admin "
           "always allows "
           "everything.",
    .min_args = 2,
    .max_args = 32,
    .run = role_revoke_run,
};

static enum ctl_exit role_revoke_run(struct ctl *ctl)
{
    return role_change(ctl,
                       "with gone as (delete from role_permissions where role_name = $1 and permission = "
                       "any ($2::text[]))"
                       " update roles set version = version + 1, updated_at = now() where name = $1");
}
