/* Every op of the program says what it must say: an entry that is incomplete fails here. */
#include "api/reference.h"
#include "http/idempotency.h"
#include "http/op.h"
#include "http/route.h"
#include "query/openapi.h"
#include "query/plan.h"
#include "json/decode.h"

#include <check.h>
#include <json-c/json.h>
#include <stdlib.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(65536, 16 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static bool is_sentence(const char *text)
{
    return text && text[0] && text[strlen(text) - 1] == '.';
}

static bool has_place(const struct shape *s, enum shape_place in)
{
    for (size_t i = 0; s && i < s->count; i++) {
        if (s->fields[i].in == in) {
            return true;
        }
    }
    return false;
}

static void check_texts(const struct op *op)
{
    ck_assert_msg(op->summary && op->summary[0] && !is_sentence(op->summary), "%s: summary", op->name);
    ck_assert_msg(is_sentence(op->doc), "%s: doc", op->name);
    ck_assert_msg(op->tag && op->tag[0], "%s: tag", op->name);
    ck_assert_msg(op->errors || (op->flags & (OP_ITEM | OP_LIST)), "%s: no errors declared", op->name);
}

static void check_shape(const struct op *op)
{
    const char *wrong = op->in ? shape_lint(op->in, arena) : NULL;
    bool writes = op->method == METHOD_POST || op->method == METHOD_PUT || op->method == METHOD_PATCH;
    ck_assert_msg(!wrong, "%s: %s", op->name, wrong);
    ck_assert_msg(writes || !has_place(op->in, IN_BODY), "%s: a body where there is none", op->name);
}

static void check_answer(const struct op *op)
{
    bool read = op->flags & (OP_ITEM | OP_LIST);
    ck_assert_msg(!read || (op->entity && op->exec == read_exec && op->method == METHOD_GET), "%s: a read",
                  op->name);
    ck_assert_msg(!((op->flags & OP_ITEM) && (op->flags & OP_LIST)), "%s: item and list", op->name);
    ck_assert_msg(op->status == 204 || op->entity || op->out || (op->flags & OP_RAW), "%s: no answer",
                  op->name);
}

/* What is not safe to repeat can be made so, unless what it answers must not be stored. */
static void check_flags(const struct op *op)
{
    ck_assert_msg(op->method != METHOD_POST || (op->flags & (OP_IDEMPOTENT | OP_SECRET | OP_BYTES)),
                  "%s: no key", op->name);
    ck_assert_msg(!(op->flags & OP_IDEMPOTENT) || !(op->flags & OP_SECRET), "%s: a stored secret", op->name);
    ck_assert_msg(op->rate != RATE_NONE || (op->flags & OP_NO_RATE), "%s: no rate class", op->name);
    ck_assert_msg(op->perm < PERM_COUNT, "%s: permission", op->name);
    ck_assert_msg(!(op->flags & OP_ON_PROPERTY) || strncmp(op->path, "/v1/properties/{id}", 19) == 0 ||
                      strcmp(op->path, "/v1/me/properties") == 0,
                  "%s: no property in its path", op->name);
}

START_TEST(ops_are_complete)
{
    for (const struct op *const *op = op_registry; *op; op++) {
        check_texts(*op);
        check_shape(*op);
        check_answer(*op);
        check_flags(*op);
    }
}
END_TEST

START_TEST(routes_are_distinct)
{
    const struct router *r = router_create(arena, op_registry, NULL); /* aborts when two are alike */
    for (const struct op *const *op = op_registry; *op; op++) {
        ck_assert(router_find(r, (*op)->method, str_from((*op)->path)).allow != NULL);
        ck_assert_msg((*op)->path[0] == '/' && strlen((*op)->path) < 200, "%s", (*op)->path);
    }
}
END_TEST

static bool json_is_described(const struct entity *e, const struct field *f)
{
    for (const struct field_json *j = e->json; j && j->field; j++) {
        if (strcmp(j->field, f->name) == 0) {
            return true;
        }
    }
    return false;
}

/* They are written to JSON as they are. */
static bool words_are_plain(const struct field *f)
{
    size_t i = 0;
    while (f->values[i] &&
           f->values[i][strspn(f->values[i], "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0') {
        i++;
    }
    return !f->values[i];
}

static void check_entity(const struct entity *e)
{
    ck_assert_msg(is_sentence(e->doc) && e->type && e->plural, "%s", e->name);
    ck_assert_uint_le(e->field_count, 64);
    ck_assert_ptr_nonnull(entity_key(e));
    for (size_t i = 0; i < e->field_count; i++) {
        const struct field *f = &e->fields[i];
        ck_assert_msg(is_sentence(f->doc), "%s.%s: doc", e->name, f->name);
        ck_assert_msg((f->type != FIELD_ENUM && f->type != FIELD_WORDS) || f->values, "%s.%s: values",
                      e->name, f->name);
        ck_assert_msg(f->type != FIELD_WORDS || words_are_plain(f), "%s.%s: words", e->name, f->name);
        ck_assert_msg(f->type != FIELD_MONEY || f->sql2, "%s.%s: currency", e->name, f->name);
        ck_assert_msg(f->type != FIELD_JSON || json_is_described(e, f), "%s.%s: json", e->name, f->name);
        ck_assert_msg(!f->personal || (f->personal->purpose && f->personal->retention && f->personal->erase),
                      "%s.%s: personal", e->name, f->name);
    }
    for (size_t i = 0; i < e->edge_count; i++) {
        const struct edge *edge = &e->edges[i];
        ck_assert_msg(is_sentence(edge->doc) && edge->target && edge->join, "%s.%s", e->name, edge->name);
        ck_assert_msg(edge->kind == EDGE_ONE || (edge->limit > 0 && edge->order), "%s.%s", e->name,
                      edge->name);
    }
}

START_TEST(entities_are_complete)
{
    for (const struct op *const *op = op_registry; *op; op++) {
        if ((*op)->entity) {
            check_entity((*op)->entity);
            for (size_t i = 0; i < (*op)->entity->edge_count; i++) {
                check_entity((*op)->entity->edges[i].target);
            }
        }
    }
}
END_TEST

START_TEST(the_document_is_json)
{
    char error[256];
    struct options *o = options_load(NULL, error, sizeof error);
    ck_assert_msg(o != NULL, "%s", error);
    struct buf text;
    buf_init(&text, OPENAPI_SIZE_MAX);
    openapi_write(&text, op_registry, o);
    ck_assert(!text.overflow);
    buf_addc(&text, 0);
    struct json_object *document = json_tokener_parse(text.p);
    ck_assert_ptr_nonnull(document);
    json_object_put(document);
    buf_free(&text);
    options_free(o);
}
END_TEST

static const char *file_text(const char *name)
{
    static char text[2][65536];
    static int turn;
    char *out = text[turn++ % 2];
    FILE *in = fopen(arena_printf(arena, NEXUS_SRCDIR "%s", name), "r");
    ck_assert_msg(in != NULL, "%s is missing", name);
    out[fread(out, 1, sizeof(text[0]) - 1, in)] = 0;
    fclose(in);
    return out;
}

/* Also: the roles of the database are given no permission there is not. */
START_TEST(the_table_of_permissions_is_up_to_date)
{
    const char *committed = file_text("/docs/permissions.md"), *migration = file_text(REFERENCE_ROLES);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    ck_assert(reference_write(out, migration));
    fclose(out);
    ck_assert_msg(strcmp(text, committed) == 0, "docs/permissions.md is not current: make docs-update");
    free(text);
}
END_TEST

START_TEST(roles_with_unknown_permissions_are_noticed)
{
    static const char *const bad[] = { "", "insert into role_permissions values ('guest', 'emperor');",
                                       "insert into role_permissions values ('ghost', 'account');",
                                       "insert into role_permissions values ('guest', 'account')" };
    FILE *out = fopen("/dev/null", "w");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!reference_write(out, bad[i]), "%s", bad[i]);
    }
    ck_assert(reference_write(out, "insert into role_permissions values ('guest', 'account');"));
    fclose(out);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("registry");
    TCase *t = tcase_create("registry");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, ops_are_complete);
    tcase_add_test(t, routes_are_distinct);
    tcase_add_test(t, entities_are_complete);
    tcase_add_test(t, the_document_is_json);
    tcase_add_test(t, the_table_of_permissions_is_up_to_date);
    tcase_add_test(t, roles_with_unknown_permissions_are_noticed);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
