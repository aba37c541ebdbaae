/*
 * What is asked of providers and what they tell, carried out: by the request that wrote it down, right after
 * its commit, or by a job, which also finds what a crash has left half-done. Each call is claimed in a
 * transaction, made in none, and recorded in another one.
 */
#ifndef NEXUS_PAYMENT_PAYMENT_RUN_H
#define NEXUS_PAYMENT_PAYMENT_RUN_H

#include "http/request.h"

/* Make the calls that wait, of one payment or (NULL) of all, until none may be made or `limit` were. *made is
 * how many. The request must not be in a transaction. A call that fails is no error: it is made again later.
 */
enum err payment_run_calls(struct request *rq, const struct uuid *payment, int limit, int *made) MUST_CHECK;
/* Handle the events that wait, one or (provider absent) all, likewise. */
enum err payment_run_events(struct request *rq, struct str provider, struct str event, int limit,
                            int *handled) MUST_CHECK;
/* Have payments looked at that nothing was heard of for so long (microseconds). *asked is how many. */
enum err payment_reconcile(struct request *rq, int64_t silence_us, int64_t *asked) MUST_CHECK;

#endif
