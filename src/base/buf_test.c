/* Tests of buf.c. */
#include "base/base_tests.h"
#include "base/buf.h"

static struct buf b;

static void check_text(const char *text)
{
    ck_assert_uint_eq(b.n, strlen(text));
    ck_assert(str_eqz(buf_str(&b), text));
}

START_TEST(appends)
{
    buf_init(&b, 1 << 20);
    check_text("");
    buf_addz(&b, "one");
    buf_addc(&b, ',');
    buf_adds(&b, STR("two"));
    buf_adds(&b, STR_NONE);
    buf_printf(&b, ",%s:%d", "three", 3);
    check_text("one,two,three:3");
    buf_reset(&b);
    check_text("");
    ck_assert_uint_gt(b.cap, 0);
    buf_free(&b);
    ck_assert_uint_eq(b.cap, 0);
}
END_TEST

START_TEST(integers)
{
    static const int64_t values[] = { 0, 1, -1, 9, 10, -10, 123456789, INT64_MAX, INT64_MIN };
    static const char *const texts[] = {
        "0", "1", "-1", "9", "10", "-10", "123456789", "9223372036854775807", "-9223372036854775808"
    };
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        buf_reset(&b);
        buf_addi(&b, values[i]);
        check_text(texts[i]);
    }
    buf_free(&b);
}
END_TEST

START_TEST(ceiling_is_kept_and_overflow_sticks)
{
    buf_init(&b, 1000);
    for (int i = 0; i < 999; i++) {
        buf_addc(&b, 'x');
    }
    ck_assert(!b.overflow);
    buf_addz(&b, "yy");
    ck_assert(b.overflow);
    buf_addc(&b, 'z');
    ck_assert_uint_eq(b.n, 999);
    ck_assert_uint_le(b.cap, 1000);
    ck_assert_ptr_null(buf_reserve(&b, 1));
    buf_reset(&b);
    ck_assert(!b.overflow);
    buf_printf(&b, "%2000d", 1);
    ck_assert(b.overflow);
    ck_assert_uint_eq(b.n, 0);
    buf_free(&b);
}
END_TEST

START_TEST(a_ceiling_of_nothing_takes_nothing)
{
    buf_init(&b, 0);
    buf_addc(&b, 'x');
    ck_assert(b.overflow);
    buf_free(&b);
}
END_TEST

START_TEST(reserved_room_is_writable)
{
    buf_init(&b, 1 << 20);
    for (size_t n = 1; n < 3000; n += 17) {
        char *p = buf_reserve(&b, n);
        ck_assert_ptr_nonnull(p);
        memset(p, 'r', n);
        b.n += n / 2;
    }
    buf_free(&b);
}
END_TEST

Suite *buf_suite(void)
{
    Suite *s = suite_create("buf");
    TCase *t = tcase_create("buf");
    tcase_add_test(t, appends);
    tcase_add_test(t, integers);
    tcase_add_test(t, ceiling_is_kept_and_overflow_sticks);
    tcase_add_test(t, a_ceiling_of_nothing_takes_nothing);
    tcase_add_test(t, reserved_room_is_writable);
    suite_add_tcase(s, t);
    return s;
}
