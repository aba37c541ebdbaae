/* Tests of the error table. */
#include "base/base_tests.h"
#include "base/err.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_slug(const char *z)
{
    for (; *z; z++) {
        if (!islower((unsigned char)*z) && *z != '_' && !isdigit((unsigned char)*z)) {
            return false;
        }
    }
    return true;
}

START_TEST(every_error_is_complete_and_unique)
{
    for (int e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        const struct err_info *info = err_info((enum err)e);
        ck_assert(is_slug(info->code));
        ck_assert_int_ge(info->status, 400);
        ck_assert_int_lt(info->status, 600);
        ck_assert_int_eq(info->doc[strlen(info->doc) - 1], '.');
        ck_assert_int_ne(info->title[strlen(info->title) - 1], '.');
        for (int other = e + 1; other < ERR_COUNT; other++) {
            ck_assert_str_ne(info->code, err_info((enum err)other)->code);
        }
    }
}
END_TEST

START_TEST(unknown_values_are_internal_errors)
{
    ck_assert_str_eq(err_info(ERR_NONE)->code, "none");
    ck_assert_int_eq(err_info(ERR_NONE)->status, 200);
    ck_assert_str_eq(err_info(ERR_COUNT)->code, "internal");
}
END_TEST

Suite *err_suite(void)
{
    Suite *s = suite_create("err");
    TCase *t = tcase_create("err");
    tcase_add_test(t, every_error_is_complete_and_unique);
    tcase_add_test(t, unknown_values_are_internal_errors);
    suite_add_tcase(s, t);
    return s;
}
