/* POST /v1/admin/blocks: block an address or a network. */
#include "tracking/tracking.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

#define LONGEST_S INT64_C(315360000) /* ten years */

struct block_create_in {
    struct shape_seen seen;
    struct str network, reason;
    int64_t expires_in;
};
enum { NETWORK, REASON, EXPIRES_IN };
#define IN(member) offsetof(struct block_create_in, member)

static const struct shape_field in_fields[] = {
    [NETWORK] = { .name = "network",
                  .type = SHAPE_STRING,
                  .flags = SHAPE_REQUIRED,
                  .offset = IN(network),
                  .min = 2,
                  .max = ADDRESS_TEXT_SIZE + 4,
                  .doc = "An address, or a network by its prefix: IPv4 at most a /8, IPv6 at most a /16.",
                  .example = "\"203.0.113.0/24\"" },
    [REASON] = { .name = "reason",
                 .type = SHAPE_STRING,
                 .flags = SHAPE_REQUIRED,
                 .offset = IN(reason),
                 .min = 1,
                 .max = BLOCK_REASON_MAX,
                 .doc = "Why; read by administrators only.",
                 .example = "\"Tries passwords, see case 4711.\"" },
    [EXPIRES_IN] = { .name = "expires_in",
                     .type = SHAPE_INT,
                     .offset = IN(expires_in),
                     .min = 1,
                     .max = LONGEST_S,
                     .doc = "Seconds until it ends; without, it stays until it is removed.",
                     .example = "86400" },
};

static void in_check(const void *p, struct violations *v)
{
    const struct block_create_in *in = p;
    struct address first;
    unsigned prefix;
    if (!network_parse(in->network, &first, &prefix)) {
        violations_add(v, "/network", "format",
                       "An address such as 203.0.113.7, or a network such as 203.0.113.0/24.");
    } else if (!block_fits(&first, prefix)) {
        violations_add(v, "/network", "rule", "At most a /8 of IPv4 or a /16 of IPv6 is blocked at a time.");
    }
}

static const struct shape in_shape = { .name = "BlockCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct block_create_in),
                                       .doc = "A network that is to get no answer.",
                                       .check = in_check };

static enum err block_create_exec(struct request *rq);
static const enum err errors[] = { ERR_CONFLICT, ERR_VALIDATION, ERR_NONE };

const struct op op_block_create = {
    .name = "block_create",
    .method = METHOD_POST,
    .path = "/v1/admin/blocks",
    .tag = "Administration",
    .summary = "Block an address or a network",
    .doc = "Within a second every request from it is answered 403 address_blocked, on all hosts. Nobody "
           "blocks the "
           "address they are asking from. A block of the same network that has ended is replaced.",
    .perm = PERM_BLOCK_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_address_block,
    .errors = errors,
    .exec = block_create_exec,
};

static bool is_inside(const struct address *a, const struct address *first, unsigned prefix)
{
    struct address masked = *a;
    address_mask(&masked, prefix);
    return memcmp(&masked, first, sizeof(masked)) == 0;
}

static const char *for_audit(struct arena *a, struct address first, unsigned prefix)
{
    char *text = arena_alloc(a, NETWORK_TEXT_SIZE);
    block_vague(&first, &prefix);
    network_format(text, &first, prefix);
    const struct audit_text members[] = { { "network", str_from(text) } };
    return audit_texts(a, members, 1);
}

static enum err block_create_exec(struct request *rq)
{
    const struct block_create_in *in = rq->in;
    struct address first;
    unsigned prefix;
    if (!network_parse(in->network, &first, &prefix)) { /* in_check has looked */
        return ERR_INTERNAL;
    }
    if (is_inside(&rq->address, &first, prefix)) {
        return fail(rq, ERR_VALIDATION, "/network", "The address you are asking from would be blocked.");
    }
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    char *network = arena_alloc(rq->arena, NETWORK_TEXT_SIZE);
    *id = uuid_v7();
    network_format(network, &first, prefix);
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_block_forget_ended, db_text(str_from(network)));
    DB_ADD(b, &q_block_insert, db_uuid(id), db_text(str_from(network)), db_text(in->reason),
           SHAPE_HAS(in, EXPIRES_IN) ? db_int8(rq->arena, in->expires_in) : db_null(DB_INT8),
           db_uuid(&rq->principal.user));
    audit_add(rq, b, AUDIT_BLOCK_ADD, id, NULL, for_audit(rq->arena, first, prefix));
    int answer;
    const struct plan *plan;
    struct selection *selection;
    bool replayed;
    enum err e = plan_add_item(rq, b, &entity_address_block, id, &answer, &plan, &selection);
    if (e || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/admin/blocks/%s", text));
    return plan_write(rq, plan, selection, db_result(b, answer));
}
