/* The router. */
#include "http/http_tests.h"

#include <signal.h>

static struct arena *keep;
static struct router *router;

static enum err nothing(struct request *rq)
{
    return ERR_NONE;
}

#define OP(id, verb, where)                                                                                  \
    static const struct op id = { .name = #id, .method = verb, .path = where, .exec = nothing }
OP(root, METHOD_GET, "/");
OP(list, METHOD_GET, "/v1/things");
OP(make, METHOD_POST, "/v1/things");
OP(item, METHOD_GET, "/v1/things/{id}");
OP(change, METHOD_PATCH, "/v1/things/{id}");
OP(own, METHOD_GET, "/v1/things/mine");
OP(parts, METHOD_GET, "/v1/things/{id}/parts");
OP(part, METHOD_DELETE, "/v1/things/{id}/parts/{part}");
OP(mine_only, METHOD_PUT, "/v1/things/mine/only");
static const struct op *const ops[] = { &root,   &parts, &list, &make,      &item,
                                        &change, &own,   &part, &mine_only, NULL };

static void setup(void)
{
    keep = arena_create(4096, 1 << 20);
    router = router_create(keep, ops, NULL);
}

static void teardown(void)
{
    arena_destroy(keep);
}

static const struct {
    enum method method;
    const char *path;
    const struct op *op;
    const char *allow;
    const char *first;
} cases[] = {
    { METHOD_GET, "/", &root, "GET, HEAD, OPTIONS", NULL },
    { METHOD_GET, "/v1/things", &list, "GET, HEAD, POST, OPTIONS", NULL },
    { METHOD_POST, "/v1/things", &make, "GET, HEAD, POST, OPTIONS", NULL },
    { METHOD_DELETE, "/v1/things", NULL, "GET, HEAD, POST, OPTIONS", NULL },
    { METHOD_GET, "/v1/things/7", &item, "GET, HEAD, PATCH, OPTIONS", "7" },
    { METHOD_PATCH, "/v1/things/a b", &change, "GET, HEAD, PATCH, OPTIONS", "a b" },
    { METHOD_GET, "/v1/things/mine", &own, "GET, HEAD, OPTIONS", NULL },
    { METHOD_GET, "/v1/things/mine/parts", &parts, "GET, HEAD, OPTIONS", "mine" },
    { METHOD_PUT, "/v1/things/mine/only", &mine_only, "PUT, OPTIONS", NULL },
    { METHOD_DELETE, "/v1/things/7/parts/8", &part, "DELETE, OPTIONS", "7" },
    { METHOD_GET, "/v1/things/7/parts/8", NULL, "DELETE, OPTIONS", "7" },
    { METHOD_GET, "/v1", NULL, NULL, NULL },
    { METHOD_GET, "", NULL, NULL, NULL },
    { METHOD_GET, "v1/things", NULL, NULL, NULL },
    { METHOD_GET, "/v1/things/", NULL, NULL, NULL },
    { METHOD_GET, "//v1/things", NULL, NULL, NULL },
    { METHOD_GET, "/v1//things", NULL, NULL, NULL },
    { METHOD_GET, "/V1/things", NULL, NULL, NULL },
    { METHOD_GET, "/v1/things/7/", NULL, NULL, NULL },
    { METHOD_GET, "/v1/things/7/parts/8/9", NULL, NULL, NULL },
    { METHOD_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", NULL, NULL, NULL },
};

START_TEST(paths_lead_to_ops)
{
    struct route_match m = router_find(router, cases[_i].method, str_from(cases[_i].path));
    ck_assert_ptr_eq(m.op, cases[_i].op);
    ck_assert_pstr_eq(m.allow, cases[_i].allow);
    if (cases[_i].first) {
        ck_assert(str_eqz(m.params[0].value, cases[_i].first) && str_eqz(m.params[0].name, "id"));
    } else {
        ck_assert_uint_eq(m.param_count, 0);
    }
}
END_TEST

START_TEST(two_ops_of_one_route_are_a_bug)
{
    const struct op *const twice[] = { &item, &item, NULL };
    (void)router_create(keep, twice, NULL);
}
END_TEST

START_TEST(methods_are_known_by_name)
{
    ck_assert_int_eq(method_parse(STR("PATCH")), METHOD_PATCH);
    ck_assert_int_eq(method_parse(STR("HEAD")), METHOD_HEAD);
    ck_assert_int_eq(method_parse(STR("patch")), METHOD_UNKNOWN);
    ck_assert_int_eq(method_parse(STR("FOO_BAR")), METHOD_UNKNOWN);
    ck_assert_int_eq(method_parse(STR("")), METHOD_UNKNOWN);
    ck_assert_int_eq(method_parse(STR_NONE), METHOD_UNKNOWN);
}
END_TEST

Suite *route_suite(void)
{
    Suite *s = suite_create("route");
    TCase *t = tcase_create("route");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, paths_lead_to_ops, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test_raise_signal(t, two_ops_of_one_route_are_a_bug, SIGABRT);
    tcase_add_test(t, methods_are_known_by_name);
    suite_add_tcase(s, t);
    return s;
}
