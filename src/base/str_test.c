/* Tests of str.c. */
#include "base/base_tests.h"
#include "base/str.h"

START_TEST(trims)
{
    ck_assert(str_eqz(str_trim(STR(" \t a b\t ")), "a b"));
    ck_assert(str_eqz(str_trim(STR(" \t ")), ""));
    ck_assert(str_eqz(str_trim(STR("")), ""));
}
END_TEST

START_TEST(splits)
{
    struct str rest = STR("a,,b"), item;
    ck_assert(str_split(&rest, ',', &item) && str_eqz(item, "a"));
    ck_assert(str_split(&rest, ',', &item) && str_eqz(item, ""));
    ck_assert(str_split(&rest, ',', &item) && str_eqz(item, "b"));
    ck_assert(!str_split(&rest, ',', &item));
    rest = STR("");
    ck_assert(str_split(&rest, ',', &item) && item.n == 0);
    ck_assert(!str_split(&rest, ',', &item));
    rest = STR("a,");
    ck_assert(str_split(&rest, ',', &item) && str_eqz(item, "a"));
    ck_assert(str_split(&rest, ',', &item) && item.n == 0);
    ck_assert(!str_split(&rest, ',', &item));
}
END_TEST

START_TEST(integers)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = { { "0", 0 },
                 { "-0", 0 },
                 { "007", 7 },
                 { "-12", -12 },
                 { "9223372036854775807", INT64_MAX },
                 { "-9223372036854775808", INT64_MIN } };
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1a",
                                       "0x1",
                                       "1.0",
                                       "--1",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999999" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t v = 99;
        ck_assert(str_int64(str_from(good[i].text), &v));
        ck_assert_int_eq(v, good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t v = 99;
        ck_assert_msg(!str_int64(str_from(bad[i]), &v), "%s", bad[i]);
        ck_assert_int_eq(v, 99);
    }
}
END_TEST

START_TEST(compares)
{
    ck_assert(str_starts(STR("abc"), STR("ab")));
    ck_assert(str_starts(STR("abc"), STR("")));
    ck_assert(!str_starts(STR("ab"), STR("abc")));
    ck_assert(str_eq_nocase(STR("Gzip"), STR("gZIP")));
    ck_assert(!str_eq_nocase(STR("a["), STR("a{")));
    ck_assert(!str_eq_nocase(STR("a"), STR("ab")));
    ck_assert(str_eqz(str_skip(STR("abc"), 2), "c"));
    ck_assert_uint_eq(str_skip(STR("abc"), 7).n, 0);
    ck_assert_ptr_null(str_skip(STR_NONE, 1).p);
}
END_TEST

Suite *str_suite(void)
{
    Suite *s = suite_create("str");
    TCase *t = tcase_create("str");
    tcase_add_test(t, trims);
    tcase_add_test(t, splits);
    tcase_add_test(t, integers);
    tcase_add_test(t, compares);
    suite_add_tcase(s, t);
    return s;
}
