/* Addresses that get no answer, before anything is looked up for them. The list is shared memory. */
#include "http/gates.h"

#include "base/blocklist.h"
#include "http/op.h"
#include "http/service.h"

static enum err run(struct request *rq);

const struct gate gate_block = { .name = "block", .run = run, .stage = STAGE_GATES };

/* Whether this host works is asked from addresses that somebody may have blocked with a wide network. */
static bool is_probe(const struct request *rq)
{
    return str_eqz(rq->path, op_healthz.path) || str_eqz(rq->path, op_readyz.path);
}

static enum err run(struct request *rq)
{
    const struct blocklist *b = rq->service->blocklist;
    if (!b || !blocklist_has(b, &rq->address, rq->now_us) || is_probe(rq)) {
        return ERR_NONE;
    }
    scoreboard_count(rq->service->stats.slot, WORKER_REJECTED);
    return fail(rq, ERR_ADDRESS_BLOCKED, NULL, NULL);
}
