/* Tests of pointer.c. */
#include "json/json_tests.h"
#include "json/pointer.h"

#include "base/utf8.h"

static struct arena *arena;

static void start(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void finish(void)
{
    arena_destroy(arena);
}

START_TEST(steps_are_escaped)
{
    struct json_path root = JSON_PATH_ROOT;
    struct json_path list = JSON_PATH_MEMBER(&root, STR("a/b~c"));
    struct json_path item = JSON_PATH_ITEM(&list, 12);
    struct json_path empty = JSON_PATH_MEMBER(&item, STR(""));
    ck_assert_str_eq(json_pointer(arena, &root), "");
    ck_assert_str_eq(json_pointer(arena, &list), "/a~1b~0c");
    ck_assert_str_eq(json_pointer(arena, &item), "/a~1b~0c/12");
    ck_assert_str_eq(json_pointer(arena, &empty), "/a~1b~0c/12/");
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
    static char name[3001];
    for (size_t i = 0; i < 3000; i += 3) {
        memcpy(name + i, "\xE2\x82\xAC", 3);
    }
    struct json_path root = JSON_PATH_ROOT;
    struct json_path member = JSON_PATH_MEMBER(&root, STR("x"));
    for (size_t skip = 0; skip < 4; skip++) {
        struct json_path padded = JSON_PATH_MEMBER(&member, str_skip(STR("aaa"), skip));
        struct json_path last = JSON_PATH_MEMBER(&padded, str_from(name));
        struct str pointer = str_from(json_pointer(arena, &last));
        ck_assert_uint_le(pointer.n, JSON_POINTER_MAX);
        ck_assert_uint_gt(pointer.n, JSON_POINTER_MAX - 4);
        ck_assert(utf8_valid(pointer));
    }
}
END_TEST

Suite *pointer_suite(void)
{
    Suite *s = suite_create("pointer");
    TCase *t = tcase_create("pointer");
    tcase_add_checked_fixture(t, start, finish);
    tcase_add_test(t, steps_are_escaped);
    tcase_add_test(t, long_names_are_cut_between_characters);
    suite_add_tcase(s, t);
    return s;
}
