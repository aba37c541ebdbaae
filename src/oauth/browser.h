/*
 * The browser of whoever is asked something: who is logged in there, and forms that only it can send back.
 *
 * Two cookies, both __Host-, Secure, HttpOnly, SameSite=Lax. nexus_session names a session of kind "browser".
 * nexus_flow is random and bound into every form: what a form carries is sealed with a key that depends on
 * it, so a form made by somebody else, or shown in another browser, is refused.
 */
#ifndef NEXUS_OAUTH_BROWSER_H
#define NEXUS_OAUTH_BROWSER_H

#include "account/login.h"
#include "oauth/oauth.h"

#define FLOW_LIFETIME_US (INT64_C(3600) * 1000000) /* how long a form may stay open */

struct browser {
    struct str cookie_hash; /* absent: no cookie was sent */
    bool known;             /* somebody is logged in; then: */
    struct uuid session, user;
    struct str email, methods; /* methods with blanks between */
    int64_t authenticated_us;
};

/* Read the cookies. browser_add_read adds nothing and returns -1 when none was sent; pass that on to
 * browser_take. */
void browser_start(struct request *rq, struct browser *out);
int browser_add_read(struct db_batch *b, const struct browser *browser);
void browser_take(const struct db_batch *b, int index, struct browser *out);

/* Add what begins a session for this log-in in place of the one that was there; its cookie goes with the
 * answer. */
enum err browser_add_login(struct request *rq, struct db_batch *b, const struct login *login,
                           struct browser *browser) MUST_CHECK;
/*
 * Add what ends it, together with the sessions of clients that are not meant to outlive it, which have to be
 * read first: browser_read_children.
 */
struct browser_children {
    struct uuid *ids;
    size_t count;
};
enum err browser_read_children(struct request *rq, const struct browser *browser,
                               struct browser_children *out) MUST_CHECK;
void browser_add_logout(struct request *rq, struct db_batch *b, const struct browser *browser,
                        const struct browser_children *children);

/* The flow cookie; made and sent along when the browser has none (so to be called once). The other is absent
 * then. */
struct str browser_flow(struct request *rq);
struct str browser_flow_sent(struct request *rq);
/*
 * Seal a text for `purpose` and this browser; `bound` is part of what has to be the same when it comes back:
 * the session a page was made for, or "". Opening fails for what was altered, is of another purpose or
 * browser, or is older than FLOW_LIFETIME_US; *made_us is when it was sealed first.
 */
struct str browser_seal(struct request *rq, const char *purpose, struct str bound, int64_t made_us,
                        struct str text);
bool browser_open(struct request *rq, const char *purpose, struct str bound, struct str sealed,
                  int64_t *made_us, struct str *text);

/* Whether a form comes from a page of ours, as far as the browser says. */
bool browser_is_own_origin(struct request *rq);

#endif
