/* nexusctl audit anchor: where the chains stand, to be kept elsewhere. */
#include "ctl/audit_anchor.h"
#include "ctl/commands.h"

static enum ctl_exit audit_anchor_run(struct ctl *ctl);

const struct ctl_command ctl_audit_anchor = {
    .name = "audit anchor",
    .args = "",
    .example = "nexusctl audit anchor > /mnt/elsewhere/anchor-$(date +%F).json",
    .summary = "Print where the audit log stands, signed",
    .doc = "Prints the newest link of every chain of the audit log with a MAC under a key from secret_file, "
           "as one "
           "line of JSON. Kept where whoever administers the database cannot change it, it lets audit verify "
           "--anchor find that newest entries were removed or that everything was written anew.",
    .run = audit_anchor_run,
};

static enum ctl_exit audit_anchor_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    struct audit_head heads[AUDIT_LANES];
    bool read = audit_chain_begin(c) && audit_chain_heads(c, heads);
    exit = !read ? pg_exit(c) : audit_anchor_print(o, heads) ? CTL_OK : CTL_FAILED;
    pg_close(c);
    return exit;
}
