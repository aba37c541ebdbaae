/* What is done by time about the log of requests: flags, partitions, pseudonyms; and house-keeping. */
#include "tracking/tracking.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"

#include <openssl/evp.h>

#define PIECE          1000
#define PARTITIONS     9 /* yesterday, today and a week */
#define QUOTES_DAYS    8 /* what it looks back, run once an hour; nexusctl maintenance prune looks at all */
#define MAC_SIZE       32
#define PSEUDONYM_SIZE 16 /* bytes of it */

/* ---- flags ---- */

/* One statement that says how much it did. */
static enum err one(struct request *rq, const struct db_statement *s, const struct db_param *params,
                    int count, int64_t *done)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int index = db_add(b, s, params, count);
    enum err e = write_run(rq, b, &replayed);
    if (!e) {
        *done = s == &q_address_flags_next ? db_get_bool(db_result(b, index), 0, 0)
                                           : db_get_int8(db_result(b, index), 0, 0);
    }
    return e;
}

static enum err flag(struct request *rq, struct job_run *run)
{
    struct db_param most = db_int4(rq->arena, (int32_t)rq->options->flag_requests);
    return one(rq, &q_address_flags_next, &most, 1, &run->done);
}

const struct job job_address_flag = {
    .name = "address-flag",
    .doc =
        "Flags addresses that made many requests in an hour, or asked for paths of administration or log-in.",
    .exec = flag
};

/* ---- partitions ---- */

static enum err partitions(struct request *rq, struct job_run *run)
{
    int64_t changed; /* nothing is left, whatever it was */
    const struct db_param params[] = { db_int4(rq->arena, PARTITIONS),
                                       db_int8(rq->arena, rq->options->request_log_lifetime) };
    run->done = 0;
    return one(rq, &q_request_log_partitions, params, 2, &changed);
}

const struct job job_request_log_partitions = {
    .name = "request-log-partitions",
    .doc = "Makes the partitions of the coming week and drops those whose requests are no longer kept.",
    .exec = partitions
};

/* ---- pseudonyms ---- */

/* Nobody without the secret can try addresses. Without a secret there is none. */
static struct str pseudonym(struct request *rq, struct str address)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[MAC_SIZE];
    size_t size = 0;
    if (rq->secret.n == 0) {
        return STR("");
    }
    const char *text = arena_printf(rq->arena, "address:" STR_FMT, STR_ARG(address));
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, rq->secret.p, rq->secret.n,
                   (const unsigned char *)text, strlen(text), mac, sizeof(mac), &size)) {
        abort();
    }
    char *out = arena_alloc(rq->arena, 2 * PSEUDONYM_SIZE);
    for (size_t i = 0; i < PSEUDONYM_SIZE; i++) {
        out[2 * i] = digits[mac[i] >> 4];
        out[2 * i + 1] = digits[mac[i] & 15];
    }
    return (struct str){ out, 2 * PSEUDONYM_SIZE };
}

/* A piece of a table: `find` tells which rows have an address that is too old, `put` takes it away. */
static enum err forget(struct request *rq, const struct db_statement *find, const struct db_statement *put,
                       int64_t *done)
{
    bool replayed;
    struct arena *a = rq->arena;
    struct db_batch *b = write_batch(rq);
    int found = DB_ADD(b, find, db_int8(a, rq->options->request_log_addresses), db_int8(a, PIECE));
    enum err e = write_run(rq, b, &replayed);
    size_t count = e ? 0 : (size_t)PQntuples(db_result(b, found));
    if (count == 0) {
        return e;
    }
    int64_t *at = ARENA_ARRAY(a, int64_t, count);
    struct uuid *id = ARENA_ARRAY(a, struct uuid, count);
    struct str *name = ARENA_ARRAY(a, struct str, count);
    for (size_t i = 0; i < count; i++) {
        const PGresult *r = db_result(b, found);
        at[i] = db_get_int8(r, (int)i, 0);
        id[i] = db_get_uuid(r, (int)i, 1);
        name[i] = pseudonym(rq, db_get_text(r, (int)i, 2));
    }
    b = write_batch(rq);
    DB_ADD(b, put, db_int8_array(a, at, count), db_uuid_array(a, id, count), db_text_array(a, name, count));
    *done += (int64_t)count;
    return write_run(rq, b, &replayed);
}

static enum err pseudonyms(struct request *rq, struct job_run *run)
{
    write_atomic(rq);
    run->done = 0;
    enum err e = forget(rq, &q_request_log_addresses, &q_request_log_pseudonyms, &run->done);
    return e ? e : forget(rq, &q_address_flags_addresses, &q_address_flags_pseudonyms, &run->done);
}

const struct job job_address_pseudonym = {
    .name = "address-pseudonym",
    .doc = "Puts pseudonyms in place of addresses that are no longer kept.",
    .queue = JOBS_BULK,
    .exec = pseudonyms
};

/* ---- house-keeping ---- */

static enum err keep(struct request *rq, struct job_run *run)
{
    const struct options *o = rq->options;
    const struct db_param params[] = { db_int4(rq->arena, PIECE), db_int8(rq->arena, o->idempotency_lifetime),
                                       db_int4(rq->arena, QUOTES_DAYS),
                                       db_int8(rq->arena, o->request_log_lifetime) };
    return one(rq, &q_keep_all, params, 4, &run->done);
}

const struct job job_house_keeping = { .name = "house-keeping",
                                       .doc = "Deletes sessions, tokens, codes, idempotency keys, quotes, "
                                              "events of providers, blocks and flags that "
                                              "nobody can use any more.",
                                       .queue = JOBS_BULK,
                                       .exec = keep };
