/*
 * What the bearer of a token may at this moment. A token names who; whether the session goes on, the account
 * is active, and what its roles allow comes from PostgreSQL in one statement when a worker first sees the
 * token, and is kept beside it for as long as its access versions stay the same
 * (docs/adr/0006-access-versions.md).
 */
#ifndef NEXUS_HTTP_ACCESS_H
#define NEXUS_HTTP_ACCESS_H

#include "http/request.h"

/*
 * For ops: what is about to be committed changes what tokens of this user (or of this client, with client
 * credentials) are good for: his sessions, status, roles. Called before the write_run that commits it, for
 * each user that is concerned, with an identifier that lives as long as the request; a nil one and
 * repetitions are fine. The commit is then announced before and after, so that every worker honours the
 * change for requests that start after the answer.
 */
void access_changes(struct request *rq, const struct uuid *user);
/* The same when nobody can say who is concerned: permissions of a role. */
void access_changes_all(struct request *rq);

/* ---- called by the pipeline; by an op only when it commits by other means than write_run ---- */

/* Before the commit. */
void access_pending(struct request *rq);
/* After it, or after the failure. */
void access_settle(struct request *rq);
/*
 * The principal of rq->token, loaded when nothing or nothing current is known of it. ERR_SESSION_ENDED,
 * ERR_ACCOUNT_INACTIVE; ERR_UNAVAILABLE and ERR_TIMEOUT without PostgreSQL.
 */
enum err access_load(struct request *rq) MUST_CHECK;

#endif
