/* Passwords that commands take: from a file or the terminal, never from the command line, where other users
 * of the machine could read them. */
#ifndef NEXUS_CTL_PASSWORD_H
#define NEXUS_CTL_PASSWORD_H

#include "auth/password_rules.h"
#include "ctl/ctl.h"

/* One byte more than allowed shows that it is too long. Whoever has one wipes it: ctl_password_wipe. */
struct ctl_password {
    char text[4 * PASSWORD_LENGTH_MAX + 2];
};

/*
 * Read one that may be chosen (auth/password_rules.h) for the account of this address and name: from `file`,
 * or twice from the terminal when that is NULL. Not CTL_OK: after the reason has been printed.
 */
enum ctl_exit ctl_password_take(struct ctl_password *p, const char *file, const char *email,
                                const char *name);
void ctl_password_wipe(struct ctl_password *p);

#endif
