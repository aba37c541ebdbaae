/* Tests of clock.c. */
#include "base/base_tests.h"
#include "base/clock.h"

#include <time.h>

static void check_text(int64_t us, const char *text)
{
    char out[CLOCK_TEXT_SIZE];
    size_t n = clock_format(out, us);
    ck_assert_str_eq(out, text);
    ck_assert_uint_eq(n, strlen(text));
}

START_TEST(formats)
{
    check_text(0, "1970-01-01T00:00:00Z");
    check_text(1, "1970-01-01T00:00:00.000001Z");
    check_text(-1, "1969-12-31T23:59:59.999999Z");
    check_text(1767323045678901, "2026-01-02T03:04:05.678901Z");
    check_text(1709164800000000, "2024-02-29T00:00:00Z");
}
END_TEST

START_TEST(out_of_four_digit_years_is_clamped)
{
    check_text(INT64_MIN, "0000-01-01T00:00:00Z");
    check_text(INT64_MAX, "9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(agrees_with_the_c_library)
{
    for (int64_t s = -2000000000; s < 4000000000; s += 7777777) {
        time_t t = (time_t)s;
        struct tm tm;
        char expected[32];
        gmtime_r(&t, &tm);
        strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
        check_text(s * 1000000, expected);
    }
}
END_TEST

START_TEST(clocks_run)
{
    int64_t mono = clock_mono_us();
    int64_t now = clock_unix_us();
    ck_assert_int_ge(clock_mono_us(), mono);
    ck_assert_int_lt(now / 1000000 - (int64_t)time(NULL), 2);
}
END_TEST

Suite *clock_suite(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");
    tcase_add_test(t, formats);
    tcase_add_test(t, out_of_four_digit_years_is_clamped);
    tcase_add_test(t, agrees_with_the_c_library);
    tcase_add_test(t, clocks_run);
    suite_add_tcase(s, t);
    return s;
}
