/* What the commands about signing keys share. */
#ifndef NEXUS_CTL_KEYS_H
#define NEXUS_CTL_KEYS_H

#include "audit/audit.h"
#include "auth/key_folder.h"
#include "ctl/ctl.h"

/* Lock the folder of the option token_keys and read it. Close with key_folder_end. CTL_OK, or how to end
 * after the reason was printed. */
enum ctl_exit keys_begin(struct ctl *ctl, struct key_folder_edit *e);

/* A key by its name or the first characters of it, at least four. NULL after the reason was printed. */
const struct key_entry *keys_named(const struct key_folder_edit *e, const char *name);

/* Whether `wait_us` have passed since the key came into its state; else says how long it still takes, and
 * what for. */
bool keys_waited(const struct key_entry *k, int64_t wait_us, const char *what);

int64_t keys_now_s(void);

/* Tell the audit log of what was done. Keys are files, and changing them must not depend on a database:
 * without one this says so and nothing else. `after` is a JSON object or NULL. */
void keys_tell(struct ctl *ctl, enum audit_action action, const char *key, const char *after);

#endif
