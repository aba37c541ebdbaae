/* Tests of shape.c: lists of violations, and mistakes in shape tables. */
#include "json/json_tests.h"
#include "json/sample_shape.h"

static struct arena *arena;

static void start(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void finish(void)
{
    arena_destroy(arena);
}

struct pair {
    struct shape_seen seen;
    int64_t a, b;
};

static const char *const no_values[] = { NULL };
static const struct shape_field bad_item = { .type = SHAPE_ENUM, .values = no_values };

#define GOOD .name = "a", .offset = offsetof(struct pair, a), .doc = "Fine."

static const struct {
    struct shape_field field;
    const char *part; /* of the message; NULL: fine */
} cases[] = {
    { { GOOD, .type = SHAPE_INT }, NULL },
    { { GOOD, .type = SHAPE_INT, .min = 1, .max = 5, .def = "3" }, NULL },
    { { .name = "A", .offset = offsetof(struct pair, a), .doc = "Fine." }, "snake_case" },
    { { .name = "", .offset = offsetof(struct pair, a), .doc = "Fine." }, "snake_case" },
    { { .name = "a", .offset = offsetof(struct pair, a), .doc = "no stop" }, "full stop" },
    { { .name = "a", .offset = offsetof(struct pair, a) }, "full stop" },
    { { .name = "a", .offset = 0, .doc = "Fine." }, "offset" },
    { { .name = "a", .offset = sizeof(struct pair), .doc = "Fine." }, "offset" },
    { { .name = "b", .offset = offsetof(struct pair, a), .doc = "Fine." }, "earlier field" },
    { { .name = "a", .offset = offsetof(struct pair, b), .doc = "Fine." }, "shares its place" },
    { { GOOD, .type = SHAPE_INT, .min = 5, .max = 1 }, "wrong way round" },
    { { GOOD, .type = SHAPE_STRING, .format = "nothing" }, "format" },
    { { GOOD, .type = SHAPE_INT, .format = "email" }, "format" },
    { { GOOD, .type = SHAPE_ENUM }, "without values" },
    { { GOOD, .type = SHAPE_OBJECT }, "without a shape" },
    { { GOOD, .type = SHAPE_LIST }, "without an item" },
    { { GOOD, .type = SHAPE_LIST, .item = &bad_item }, "without values" },
    { { GOOD, .type = SHAPE_INT, .in = IN_QUERY, .flags = SHAPE_NULLABLE }, "parameter" },
    { { GOOD, .type = SHAPE_INT, .def = "3", .flags = SHAPE_REQUIRED }, "required and has a default" },
    { { GOOD, .type = SHAPE_INT, .min = 1, .max = 5, .def = "9" }, "would refuse" },
};

START_TEST(mistakes_are_found)
{
    const struct shape_field fields[] = {
        { .name = "b", .type = SHAPE_INT, .offset = offsetof(struct pair, b), .doc = "Other." },
        cases[_i].field
    };
    const struct shape shape = { "Pair", fields, 2, sizeof(struct pair), "Pair.", NULL, false };
    const char *wrong = shape_lint(&shape, arena);
    if (!cases[_i].part) {
        ck_assert_msg(wrong == NULL, "%s", wrong);
    } else {
        ck_assert_msg(wrong && strstr(wrong, cases[_i].part), "%s instead of %s", wrong, cases[_i].part);
    }
}
END_TEST

static struct shape endless;
static const struct shape_field endless_field = {
    .name = "a", .type = SHAPE_OBJECT, .offset = offsetof(struct pair, a), .sub = &endless, .doc = "Fine."
};

START_TEST(a_shape_within_itself_is_found)
{
    endless = (struct shape){ "Endless", &endless_field, 1, sizeof(struct pair), "Endless.", NULL, false };
    ck_assert_ptr_nonnull(strstr(shape_lint(&endless, arena), "nested too deeply"));
}
END_TEST

START_TEST(violations_are_copied_and_bounded)
{
    struct violations v = { .arena = arena };
    char pointer[8] = "/a";
    violations_add(&v, pointer, "rule", "%d", 7);
    pointer[1] = 'b';
    ck_assert_str_eq(v.list[0].pointer, "/a");
    ck_assert_str_eq(v.list[0].detail, "7");
    for (int i = 0; i < 100; i++) {
        violations_add(&v, "", "rule", "x");
    }
    ck_assert_uint_eq(v.count, VIOLATIONS_MAX);
}
END_TEST

Suite *shape_suite(void)
{
    Suite *s = suite_create("shape");
    TCase *t = tcase_create("shape");
    tcase_add_checked_fixture(t, start, finish);
    tcase_add_loop_test(t, mistakes_are_found, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(t, a_shape_within_itself_is_found);
    tcase_add_test(t, violations_are_copied_and_bounded);
    suite_add_tcase(s, t);
    return s;
}
