/* Attempts: states, tickets, and what is derived from them. */
#include "federation/federation.h"

#include "base/base64url.h"
#include "db/queries.h"
#include "http/idempotency.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define STATE_SIZE 43 /* base64url of 32 bytes */

struct attempt attempt_start(struct request *rq, bool bound)
{
    return (struct attempt){ .state = oauth_random(rq->arena), .flow = bound ? browser_flow(rq) : STR_NONE };
}

static struct db_param browser_of(struct request *rq, struct str flow)
{
    return flow.p ? db_bytea(oauth_hash(rq->arena, flow)) : db_null(DB_BYTEA);
}

void attempt_add(struct request *rq, struct db_batch *b, const struct provider *p,
                 const struct attempt *attempt)
{
    struct uuid *user = ARENA_NEW(rq->arena, struct uuid);
    *user = attempt->user;
    (void)DB_ADD(b, &q_login_attempt_add, db_bytea(oauth_hash(rq->arena, attempt->state)),
                 db_text(str_from(p->name)), browser_of(rq, attempt->flow),
                 db_uuid(attempt->links ? user : NULL), db_text(attempt->transaction),
                 db_int8(rq->arena, attempt->flow.p ? ATTEMPT_LIFETIME_US : TICKET_LIFETIME_US));
}

enum err attempt_take(struct request *rq, const struct provider *p, struct str state, bool bound, bool *found,
                      struct attempt *out)
{
    struct db_failure failure;
    *found = false;
    *out = (struct attempt){ .state = state, .flow = bound ? browser_flow_sent(rq) : STR_NONE };
    if (!state.p || state.n != STATE_SIZE || (bound && !out->flow.p)) {
        return ERR_NONE;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_login_attempt_take, db_bytea(oauth_hash(rq->arena, state)),
                       db_text(str_from(p->name)), browser_of(rq, out->flow));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    *found = PQntuples(r) == 1;
    if (*found) {
        out->links = !db_is_null(r, 0, 0);
        out->user = out->links ? db_get_uuid(r, 0, 0) : out->user;
        out->transaction = db_is_null(r, 0, 1) ? STR_NONE : db_get_text(r, 0, 1);
    }
    return ERR_NONE;
}

/*
 * The state is seen by the provider, and by whoever reads a log of addresses; the cookie by this browser
 * only. So neither can make the verifier, and nothing secret is stored.
 */
static struct str derive(struct request *rq, const char *label, const struct attempt *attempt)
{
    struct str key = rq->secret.n > 0 ? rq->secret : STR("nexus");
    const char *text = arena_printf(rq->arena, "federation %s\n" STR_FMT "\n" STR_FMT, label,
                                    STR_ARG(attempt->flow), STR_ARG(attempt->state));
    unsigned char mac[32];
    char *out = arena_alloc(rq->arena, STATE_SIZE + 1);
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text, strlen(text), mac, NULL)) {
        abort();
    }
    return (struct str){ out, base64url_encode(out, mac, sizeof(mac)) };
}

struct str attempt_nonce(struct request *rq, const struct attempt *attempt)
{
    return derive(rq, "nonce", attempt);
}

struct str attempt_verifier(struct request *rq, const struct attempt *attempt)
{
    return derive(rq, "verifier", attempt);
}
