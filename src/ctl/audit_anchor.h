/*
 * Anchors: where the chains of the audit log stood at some time, with a MAC under a key from secret_file.
 * Kept outside of the database they find what a chain cannot tell of itself: that its end was removed
 * together with its heads, or that all of it was written anew.
 */
#ifndef NEXUS_CTL_AUDIT_ANCHOR_H
#define NEXUS_CTL_AUDIT_ANCHOR_H

#include "ctl/audit_chain.h"

/* One line of JSON to stdout. False after the reason has been printed. */
bool audit_anchor_print(const struct options *o, const struct audit_head heads[AUDIT_LANES]);
/* False after the reason has been printed: no anchor, or one whose MAC is not ours. */
bool audit_anchor_read(const struct options *o, const char *path, struct audit_head heads[AUDIT_LANES]);

#endif
