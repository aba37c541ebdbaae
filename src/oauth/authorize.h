/*
 * An authorization request on its way: from /oauth/authorize through the pages to the redirect with a code.
 * Every step starts with the whole request and asks anew what is still missing, so nothing is kept on the
 * server meanwhile: the pages carry the request, sealed.
 */
#ifndef NEXUS_OAUTH_AUTHORIZE_H
#define NEXUS_OAUTH_AUTHORIZE_H

#include "oauth/browser.h"
#include "oauth/claims_request.h"
#include "oauth/page.h"

/* RFC 6749, 4.1.1; RFC 7636, 4.3; RFC 8707, 2; OpenID Connect Core, 3.1.2.1. */
struct authorize_in {
    struct shape_seen seen;
    struct str response_type, client_id, redirect_uri, scope, state, code_challenge, code_challenge_method,
        nonce, prompt, max_age, login_hint, id_token_hint, claims, resource, response_mode, request,
        request_uri, registration, display, ui_locales, claims_locales, acr_values;
};
extern const struct shape authorize_query_shape, authorize_form_shape;

enum prompt { PROMPT_NONE = 1, PROMPT_LOGIN = 2, PROMPT_CONSENT = 4, PROMPT_ACCOUNT = 8 };

struct authorize {
    const struct authorize_in *in;
    int64_t started_us; /* when /oauth/authorize was first asked */
    struct client client;
    struct browser browser;
    uint32_t consented; /* scopes the user let the client have before */
    uint32_t scopes;    /* what it is given now */
    uint32_t told;      /* and what the user is asked for: with the scopes of single claims */
    struct claims_request claims;
    unsigned prompt;   /* enum prompt bits */
    int64_t max_age_s; /* -1: any */
    bool for_user;     /* only for this one: */
    struct uuid user;
};

/*
 * A request in a form, for the page it is on: "login", which may be sent back by anybody who uses this
 * browser, or "consent", only by who is logged in as the page was made. Unsealing is false for what is not
 * ours, or too old.
 */
struct str authorize_seal(struct request *rq, const char *page, const struct authorize *a);
bool authorize_unseal(struct request *rq, const char *page, struct str transaction, struct authorize *out);
/* As query parameters, to be sealed or to start again. */
struct str authorize_text(struct request *rq, const struct authorize_in *in);

/*
 * Client and redirect URI, then everything else, then who is logged in. When it returns with *answered, that
 * was an error that has been sent on to the client. Fails where nothing may be sent there.
 */
enum err authorize_check(struct request *rq, struct authorize *a, bool *answered) MUST_CHECK;
/* The next page, or the code. */
enum err authorize_go_on(struct request *rq, struct authorize *a) MUST_CHECK;
/* Add the code to a batch and make the answer that carries it. */
void authorize_add_code(struct request *rq, struct db_batch *b, const struct authorize *a);
/* Send an error to the client (RFC 6749, 4.1.2.1). */
enum err authorize_refuse(struct request *rq, const struct authorize *a, const char *error, const char *why);

/* The log-in page of this request, again when `fault` is there. */
void authorize_show_login(struct request *rq, const struct authorize *a, struct login_page page);

#endif
