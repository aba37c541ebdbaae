/* What an OAuth client may be: rules without I/O. */
#ifndef NEXUS_OAUTH_CLIENT_RULES_H
#define NEXUS_OAUTH_CLIENT_RULES_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define REDIRECT_URI_MAX 1000 /* characters */

/*
 * NULL when users may be sent there, else what is wrong: https, or, for programs on the user's own machine,
 * http on the loopback interface or a scheme with a dot in its name (RFC 8252, 7). No fragment, no user
 * information, nothing that has to be escaped.
 */
const char *redirect_uri_fault(struct str uri);

/* Is it on the web, so that whoever answers there has shown to be its owner? */
bool redirect_uri_is_web(struct str uri);

/*
 * Character by character. Of http://127.0.0.1 and http://[::1] a public client may choose the port when it
 * starts (RFC 8252, 7.3).
 */
bool redirect_uri_matches(struct str registered, struct str given, bool is_public);

/* An absolute URI without a fragment, at most 500 characters: what a token can be for (RFC 8707, 2). */
bool resource_is_valid(struct str uri);

#endif
