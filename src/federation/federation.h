/*
 * Sign-in with accounts of OpenID providers that the configuration names (auth/providers.h).
 *
 *     /oauth/login/NAME     ->  303 to the provider, with state, nonce and PKCE S256
 *     /oauth/callback/NAME  <-  code; from it who it is there: issuer and subject (federation/exchange.h)
 *
 * Then one of:
 *     the identity is linked             its account is logged in, after a second factor when it has one
 *     nobody has the verified address    an account is made, without a password
 *     an account has it                  linked when its owner proves it: a page asks for the password
 *     somebody logged in has set out     a page asks whether the two are to be linked
 *     the address is not verified        refused
 *
 * What is kept meanwhile: a row of login_attempts for the way there and back, good once and bound to the
 * browser by its flow cookie (oauth/browser.h); afterwards a form, sealed to the browser. No call to a
 * provider is made within a transaction.
 */
#ifndef NEXUS_FEDERATION_FEDERATION_H
#define NEXUS_FEDERATION_FEDERATION_H

#include "federation/identity.h"
#include "fetch/fetch.h"
#include "http/op.h"
#include "oauth/browser.h"
#include "query/entity.h"

extern const struct op op_provider_list, op_federation_start, op_federation_callback, op_federation_link,
    op_identity_list, op_identity_create, op_identity_delete;
extern const struct entity entity_identity;

#define TRANSACTION_MAX 7168 /* characters of a sealed request of the authorization server */

/* A provider of the path; 404 when there is none. */
enum err federation_provider(struct request *rq, struct str name, const struct provider **out) MUST_CHECK;
/* "https://.../oauth/login/NAME" */
const char *federation_start_url(struct request *rq, const struct provider *p);
/* Where the provider sends the browser back to. */
const char *federation_redirect_uri(struct request *rq, const struct provider *p);
/* For calls to a provider. */
struct fetch_session federation_calls(struct request *rq, const struct provider *p);
/* Why a call failed goes to the log; people read the error's own words. Returns the error, recorded. */
enum err federation_fail(struct request *rq, const struct provider *p, enum err e, const char *why);

/* ---- attempts ---- */

#define ATTEMPT_LIFETIME_US (INT64_C(600) * 1000000)
#define TICKET_LIFETIME_US  (INT64_C(300) * 1000000)

struct attempt {
    struct str state;       /* random; only its hash is stored */
    struct str flow;        /* the cookie of the browser it is bound to; absent: none, it is a ticket */
    bool links;             /* somebody logged in wants to link: */
    struct uuid user;       /* to this account */
    struct str transaction; /* the authorization request to go on with; absent: none */
};

/* A new one, bound to this browser (which is given its cookie when it has none), or a ticket. */
struct attempt attempt_start(struct request *rq, bool bound);
/* Add it to a batch. */
void attempt_add(struct request *rq, struct db_batch *b, const struct provider *p,
                 const struct attempt *attempt);
/* Use it up. *found false: there is none of this state, in this browser, or not any more. */
enum err attempt_take(struct request *rq, const struct provider *p, struct str state, bool bound, bool *found,
                      struct attempt *out) MUST_CHECK;
/* What else goes with it: nonce and PKCE verifier, which are stored nowhere. */
struct str attempt_nonce(struct request *rq, const struct attempt *attempt);
struct str attempt_verifier(struct request *rq, const struct attempt *attempt);

/* ---- after the callback ---- */

struct arrival {
    const struct provider *provider;
    struct identity identity;
    struct attempt attempt;
};
/* Who it is is known: log in, or ask for what is missing. */
enum err arrival_go_on(struct request *rq, const struct arrival *a) MUST_CHECK;

/* The form of the page that asks. */
struct federation_link_in {
    struct shape_seen seen;
    struct str pending, password, code;
};
enum err arrival_submitted(struct request *rq, const struct federation_link_in *in) MUST_CHECK;

#endif
