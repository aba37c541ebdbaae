/* /healthz and /readyz. */
#include "http/probe.h"

#include "base/clock.h"
#include "http/op.h"
#include "http/service.h"
#include "json/write.h"

static enum err healthz_exec(struct request *rq);
static enum err readyz_exec(struct request *rq);

static const enum err healthz_errors[] = { ERR_NONE };
static const enum err readyz_errors[] = { ERR_UNAVAILABLE, ERR_NONE };

static const struct shape_field health_fields[] = {
    { .name = "status",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Always ok.",
      .example = "\"ok\"" },
};
static const struct shape health_out = {
    .name = "Health",
    .fields = health_fields,
    .count = SHAPE_COUNT(health_fields),
    .doc = "A worker answers.",
};

static const char *const states[] = { "up", "down", "unused", NULL };
static const struct shape_field ready_fields[] = {
    { .name = "status",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Always ready.",
      .example = "\"ready\"" },
    { .name = "database",
      .type = SHAPE_ENUM,
      .values = states,
      .flags = SHAPE_REQUIRED,
      .doc = "PostgreSQL; needed." },
    { .name = "cache",
      .type = SHAPE_ENUM,
      .values = states,
      .flags = SHAPE_REQUIRED,
      .doc = "Redis; without it limits are kept per host." },
};
static const struct shape ready_out = {
    .name = "Readiness",
    .fields = ready_fields,
    .count = SHAPE_COUNT(ready_fields),
    .doc = "What the worker depends on.",
};

const struct op op_healthz = {
    .name = "healthz",
    .method = METHOD_GET,
    .path = "/healthz",
    .tag = "Health",
    .summary = "Whether a worker answers",
    .doc = "Answers 200 as soon as a worker takes requests. Asks nobody.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_NO_RATE | OP_RAW,
    .out = &health_out,
    .errors = healthz_errors,
    .exec = healthz_exec,
};

const struct op op_readyz = {
    .name = "readyz",
    .method = METHOD_GET,
    .path = "/readyz",
    .tag = "Health",
    .summary = "Whether requests can be served",
    .doc = "Answers 200 while PostgreSQL can be reached, else 503. A state flips after two equal results in "
           "a row.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_NO_RATE | OP_RAW,
    .out = &ready_out,
    .errors = readyz_errors,
    .exec = readyz_exec,
};

void probe_note(struct probe *p, bool up)
{
    if (!p->known) {
        *p = (struct probe){ .known = true, .up = up };
    } else if (up == p->up) {
        p->against = 0;
    } else if (++p->against >= PROBE_FLIP) {
        p->up = up;
        p->against = 0;
    }
}

void probes_refresh(struct service *s)
{
    int64_t now = clock_mono_us();
    if (s->probes.tried_us != 0 && now - s->probes.tried_us < PROBE_EVERY_US) {
        return;
    }
    s->probes.tried_us = now;
    if (s->db) {
        probe_note(&s->probes.database, db_ping(s->db) == ERR_NONE);
    }
    if (s->cache && cache_configured(s->cache)) {
        probe_note(&s->probes.cache, cache_ping(s->cache));
    }
}

static enum err healthz_exec(struct request *rq)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "status", strz, "ok");
    json_write_object_end(&w);
    return ERR_NONE;
}

static const char *state_name(const struct probe *p)
{
    return !p->known ? "unused" : p->up ? "up" : "down";
}

static enum err readyz_exec(struct request *rq)
{
    struct service *s = rq->service;
    probes_refresh(s);
    if (s->probes.database.known && !s->probes.database.up) {
        return fail(rq, ERR_UNAVAILABLE, NULL, "PostgreSQL cannot be reached.");
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "status", strz, "ready");
    JSON_MEMBER(&w, "database", strz, state_name(&s->probes.database));
    JSON_MEMBER(&w, "cache", strz, state_name(&s->probes.cache));
    json_write_object_end(&w);
    return ERR_NONE;
}
