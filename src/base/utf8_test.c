/* Tests of utf8.c. */
#include "base/base_tests.h"
#include "base/utf8.h"

static bool is_scalar(uint32_t c)
{
    return c < 0x110000 && !(c >= 0xD800 && c < 0xE000);
}

START_TEST(every_scalar_survives_the_round_trip)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        if (!is_scalar(c)) {
            continue;
        }
        char out[4];
        uint32_t back = 0;
        size_t n = utf8_encode(out, c);
        ck_assert_uint_eq(utf8_decode((struct str){ out, n }, &back), n);
        ck_assert_uint_eq(back, c);
        ck_assert_uint_eq(utf8_decode((struct str){ out, n - 1 }, &back), 0);
    }
}
END_TEST

/* Every sequence of up to three bytes, compared with a plain decoder. */
START_TEST(no_other_sequence_is_valid)
{
    for (uint32_t v = 0; v < 1u << 24; v++) {
        const char p[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
        uint32_t c;
        size_t n = utf8_decode((struct str){ p, 3 }, &c);
        if (n > 0) {
            char again[4];
            ck_assert(is_scalar(c));
            ck_assert_uint_eq(utf8_encode(again, c), n);
            ck_assert_mem_eq(again, p, n);
        }
    }
}
END_TEST

START_TEST(texts)
{
    ck_assert(utf8_valid(STR("")));
    ck_assert(utf8_valid(STR("a\0b")));
    ck_assert(!utf8_valid(STR("\xF4\x90\x80\x80")));
    ck_assert(!utf8_valid(STR("\xF0\x80\x80\x80")));
    ck_assert(!utf8_valid(STR("\xF8\x88\x80\x80\x80")));
    ck_assert(!utf8_valid(STR("ok\xE2\x82")));
    ck_assert_uint_eq(utf8_count(STR("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8F\xA0")), 6);
}
END_TEST

Suite *utf8_suite(void)
{
    Suite *s = suite_create("utf8");
    TCase *t = tcase_create("utf8");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_scalar_survives_the_round_trip);
    tcase_add_test(t, no_other_sequence_is_valid);
    tcase_add_test(t, texts);
    suite_add_tcase(s, t);
    return s;
}
