/* Tests of date.c. */
#include "base/base_tests.h"
#include "base/date.h"

START_TEST(every_date_survives_the_round_trip)
{
    int weekday = date_weekday(DATE_MIN);
    ck_assert_int_eq(weekday, 0); /* 1900-01-01 was a Monday */
    for (date_t d = DATE_MIN; d <= DATE_MAX; d++) {
        char text[DATE_TEXT_SIZE];
        date_t back;
        date_format(text, d);
        ck_assert(date_parse(str_from(text), &back));
        ck_assert_int_eq(back, d);
        ck_assert_int_eq(date_weekday(d), weekday);
        weekday = (weekday + 1) % 7;
    }
}
END_TEST

START_TEST(known_days)
{
    ck_assert_int_eq(date_from_ymd(1970, 1, 1), 0);
    ck_assert_int_eq(date_from_ymd(1969, 12, 31), -1);
    ck_assert_int_eq(date_from_ymd(2000, 3, 1), 11017);
    ck_assert_int_eq(date_from_ymd(1900, 1, 1), DATE_MIN);
    ck_assert_int_eq(date_from_ymd(2100, 1, 1), DATE_MAX);
    ck_assert_int_eq(date_weekday(0), 3);
}
END_TEST

START_TEST(refuses_what_is_no_date)
{
    static const char *const bad[] = {
        "",           "2026",       "2026-1-01",  "2026-01-1",  "2026-13-01",    "2026-00-01",
        "2026-01-00", "2026-01-32", "2026-02-29", "1900-02-29", "2026-04-31",    "2026-01-01 ",
        " 2026-01-1", "2026/01/01", "20260101",   "+026-01-01", "2026-0a-01",    "1899-12-31",
        "2100-01-02", "9999-12-31", "0000-01-01", "-001-01-01", "2026-01-0\xB2",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        date_t d;
        ck_assert_msg(!date_parse(str_from(bad[i]), &d), "%s", bad[i]);
    }
    date_t d;
    ck_assert(!date_parse(STR("2026-01\0-1"), &d));
    ck_assert(date_parse(STR("2000-02-29"), &d));
    ck_assert(date_parse(STR("2024-02-29"), &d));
}
END_TEST

Suite *date_suite(void)
{
    Suite *s = suite_create("date");
    TCase *t = tcase_create("date");
    tcase_add_test(t, every_date_survives_the_round_trip);
    tcase_add_test(t, known_days);
    tcase_add_test(t, refuses_what_is_no_date);
    suite_add_tcase(s, t);
    return s;
}
