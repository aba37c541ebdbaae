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
        bool whole = utf8_decode((struct str){ out, n }, &back) == n && back == c;
        if (!whole || utf8_decode((struct str){ out, n - 1 }, &back) != 0) {
            ck_abort_msg("U+%04X", c);
        }
    }
}
END_TEST

/* Every pair of bytes before each byte at which a range begins or ends: what is taken must encode to the same
 * bytes. */
START_TEST(no_other_sequence_is_valid)
{
    static const uint8_t third[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF };
    for (uint32_t v = 0; v < 65536 * sizeof(third); v++) {
        const char p[4] = { (char)(v >> 8), (char)v, (char)third[v / 65536], (char)0xBF };
        uint32_t c;
        size_t n = utf8_decode((struct str){ p, 4 }, &c);
        char again[4];
        if (n > 0 && (!is_scalar(c) || utf8_encode(again, c) != n || memcmp(again, p, n) != 0)) {
            ck_abort_msg("%x", v);
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
    tcase_add_test(t, every_scalar_survives_the_round_trip);
    tcase_add_test(t, no_other_sequence_is_valid);
    tcase_add_test(t, texts);
    suite_add_tcase(s, t);
    return s;
}
