/* What a worker holds, and one request at a time through it. */
#include "auth/hash_pool.h"
#include "auth/merchants.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/fastcgi.h"
#include "http/op.h"
#include "http/service.h"
#include "http/upload.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_BLOCK  (128 * 1024)
#define KEEP_CEILING (4 * 1024 * 1024)
#define BUFFER_KEPT  (256 * 1024) /* a buffer that has grown beyond is given back after the request */

/* ---- life ---- */

static void read_origins(struct service *s)
{
    const char *cursor = s->options->cors_origins;
    char origin[ORIGIN_SIZE];
    while (s->origin_count < ORIGINS_MAX && option_list_next(&cursor, origin, sizeof origin)) {
        if (strcmp(origin, "*") == 0) {
            s->any_origin = true;
        } else {
            s->origins[s->origin_count++] = arena_strdup(s->keep, str_from(origin));
        }
    }
}

static const char *problem_base(struct service *s)
{
    struct str url = str_from(s->options->public_url);
    while (url.n > 0 && url.p[url.n - 1] == '/') {
        url.n--;
    }
    return arena_printf(s->keep, STR_FMT "/problems/", STR_ARG(url));
}

struct service *service_start(const struct options *o, const struct service_stats *stats,
                              const struct op *const *ops)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s) {
        abort();
    }
    s->options = o;
    if (stats) {
        s->stats = *stats;
    }
    s->arena = arena_create(ARENA_BLOCK, (size_t)o->request_memory);
    hash_pool_join(s->stats.board, s->stats.slot);
    s->blocklist = scoreboard_blocklist(s->stats.board);
    s->ring = o->request_log ? scoreboard_ring(s->stats.slot) : NULL;
    s->keep = arena_create(ARENA_BLOCK, KEEP_CEILING);
    buf_init(&s->in, (size_t)o->body_limit);
    buf_init(&s->out, (size_t)o->response_limit);
    buf_init(&s->head, HEAD_LIMIT);
    s->router = router_create(s->keep, ops, s->stats.board);
    read_origins(s);
    s->problem_base = problem_base(s);
    return s;
}

static bool load_secret(struct service *s, char *error, size_t error_size)
{
    if (!s->options->secret_file[0]) {
        return true;
    }
    size_t size;
    char *secret = options_secret(s->options->secret_file, &size, error, error_size);
    s->secret = (struct str){ secret, secret ? size : 0 };
    return secret != NULL;
}

struct service *service_create(const struct options *o, const struct service_stats *stats, char *error,
                               size_t error_size)
{
    struct service *s = service_start(o, stats, op_registry);
    if (load_secret(s, error, error_size)) {
        s->auth = auth_create(o, error, error_size);
    }
    if (s->auth) {
        s->providers = providers_load(o, error, error_size);
    }
    if (s->providers) {
        s->merchants = merchants_load(o, error, error_size);
    }
    if (!s->merchants) {
        service_destroy(s);
        return NULL;
    }
    s->db = db_create(o, DB_ROLE_API);
    s->cache = cache_create(o);
    if (cache_shared_size() <= SCOREBOARD_CACHE_SIZE) { /* a test says it is */
        cache_share(s->cache, scoreboard_cache(s->stats.board));
    }
    return s;
}

static void forget_secret(struct service *s)
{
    if (s->secret.p) {
        explicit_bzero((char *)s->secret.p, s->secret.n);
        free((char *)s->secret.p);
    }
}

void service_destroy(struct service *s)
{
    if (!s) {
        return;
    }
    if (s->db) {
        db_close(s->db);
    }
    if (s->cache) {
        cache_close(s->cache);
    }
    if (s->auth) {
        auth_free(s->auth);
    }
    providers_free(s->providers);
    merchants_free(s->merchants);
    forget_secret(s);
    arena_destroy(s->arena);
    arena_destroy(s->keep);
    buf_free(&s->in);
    buf_free(&s->out);
    buf_free(&s->head);
    free(s);
}

/* ---- one request ---- */

struct request *request_start(struct service *s, char *const *env)
{
    struct request *rq = ARENA_NEW(s->arena, struct request);
    rq->service = s;
    rq->options = s->options;
    rq->db = s->db;
    rq->cache = s->cache;
    rq->auth = s->auth;
    rq->providers = s->providers;
    rq->merchants = s->merchants;
    rq->arena = s->arena;
    rq->secret = s->secret;
    rq->env = env;
    rq->method = METHOD_UNKNOWN;
    rq->start_us = clock_mono_us();
    rq->now_us = clock_unix_us();
    rq->violations.arena = s->arena;
    rq->res.body = &s->out;
    headers_scan(rq);
    (void)address_parse(rq->headers[HEADER_REMOTE_ADDR], &rq->address);
    return rq;
}

static void give_back(struct buf *b)
{
    if (b->cap > BUFFER_KEPT) {
        size_t ceiling = b->ceiling;
        buf_free(b);
        buf_init(b, ceiling);
    }
}

void service_handle(struct service *s, FCGX_Request *fcgi)
{
    struct request *rq = request_start(s, fcgi->envp);
    struct upload upload;
    if (upload_comes(rq)) {
        rq->upload = &upload;
        rq->intake = upload_begin(&upload, fcgi, rq->headers[HEADER_CONTENT_LENGTH]);
    } else {
        rq->intake = fastcgi_read(fcgi, rq->headers[HEADER_CONTENT_LENGTH], &s->in);
    }
    rq->body = buf_str(&s->in);
    rq->stage_us[STAGE_READ] = clock_mono_us() - rq->start_us;
    pipeline_run(rq);
    if (rq->upload) {
        upload_finish(rq->upload);
    }
    struct str body = rq->head ? STR("") : buf_str(rq->res.body);
    if (!fastcgi_write(fcgi, buf_str(&s->head), body)) {
        LOG(LOG_DEBUG, "the peer has gone before the answer", LOG_TEXT("request_id", rq->id));
    }
    request_end(rq);
    give_back(&s->in);
    give_back(&s->out);
}

void service_idle(struct service *s)
{
    db_maintain(s->db);
    cache_idle(s->cache);
    probes_refresh(s);
}
