/* Tests of write.c; json-c reads back what was written. */
#include "json/json_tests.h"
#include "json/write.h"

#include "base/utf8.h"

#include <json-c/json.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct buf out;
static struct json_writer w;

static void start(void)
{
    buf_init(&out, 1 << 20);
    w = json_write_start(&out);
}

static void finish(void)
{
    buf_free(&out);
}

static void check_out(const char *expected)
{
    buf_addc(&out, '\0');
    ck_assert_str_eq(out.p, expected);
    buf_reset(&out);
    w = json_write_start(&out);
}

START_TEST(containers_and_commas)
{
    json_write_object(&w);
    JSON_MEMBER(&w, "a", int, -1);
    JSON_MEMBER(&w, "b", bool, true);
    json_write_key(&w, STR("c"));
    json_write_array(&w);
    json_write_null(&w);
    json_write_bool(&w, false);
    json_write_array(&w);
    json_write_array_end(&w);
    json_write_object(&w);
    json_write_object_end(&w);
    json_write_array_end(&w);
    json_write_key_ready(&w, STR("\"d\":"));
    json_write_raw(&w, STR("{\"x\":1}"));
    JSON_MEMBER(&w, "e", strz, NULL);
    ck_assert(!json_write_is_complete(&w));
    json_write_object_end(&w);
    ck_assert(json_write_is_complete(&w));
    check_out("{\"a\":-1,\"b\":true,\"c\":[null,false,[],{}],\"d\":{\"x\":1},\"e\":null}");
    json_write_strz(&w, "");
    ck_assert(json_write_is_complete(&w));
    check_out("\"\"");
}
END_TEST

START_TEST(dates_times_and_ids)
{
    struct uuid u;
    ck_assert(uuid_parse(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &u));
    json_write_array(&w);
    json_write_uuid(&w, &u);
    json_write_date(&w, 0);
    json_write_time(&w, 1);
    json_write_array_end(&w);
    check_out("[\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\",\"1970-01-01\",\"1970-01-01T00:00:00.000001Z\"]");
}
END_TEST

static void check_quoted(struct str in, const char *expected)
{
    json_write_str(&w, in);
    check_out(expected);
}

START_TEST(strings_are_escaped)
{
    check_quoted(STR("plain text that is longer than eight bytes"),
                 "\"plain text that is longer than eight bytes\"");
    check_quoted(STR("say \"hi\" \\ bye/"), "\"say \\\"hi\\\" \\\\ bye/\"");
    check_quoted(STR("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    check_quoted(STR("a\0b\x1F\x7F"), "\"a\\u0000b\\u001f\x7F\"");
    check_quoted(STR("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
    check_quoted(STR("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_quoted(STR("1234567\xF0\x9F\x8F"), "\"1234567\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_quoted(STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
END_TEST

/* Each byte at each place of a text around the eight-byte steps, read back by an independent parser. */
START_TEST(every_byte_at_every_place)
{
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            memset(text, 'x', sizeof(text));
            text[at] = (char)c;
            json_write_str(&w, (struct str){ text, sizeof(text) });
            ck_assert(utf8_valid(buf_str(&out)));
            buf_addc(&out, '\0');
            json_object *o = json_tokener_parse(out.p);
            ck_assert_ptr_nonnull(o);
            const char *back = json_object_get_string(o);
            if (c < 0x80) {
                ck_assert_int_eq(json_object_get_string_len(o), 20);
                ck_assert_mem_eq(back, text, 20);
            } else {
                ck_assert_mem_eq(back + at, "\xEF\xBF\xBD", 3);
            }
            json_object_put(o);
            buf_reset(&out);
            w = json_write_start(&out);
        }
    }
}
END_TEST

START_TEST(doubles_have_their_shortest_form)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 1, "1" },
        { -1.5, "-1.5" },
        { 0.1, "0.1" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 42.652579, "42.652579" },
        { -73.756232, "-73.756232" },
        { 1e-7, "1e-07" },
        { 0.000001, "0.000001" },
        { 1e300, "1e+300" },
        { 5e-324, "5e-324" },
        { 100, "100" },
        { 123456789, "123456789" },
        { 4.85, "4.85" },
        { NAN, "null" },
        { INFINITY, "null" },
        { -INFINITY, "null" },
        { 9007199254740993.0, "9007199254740992" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_write_double(&w, cases[i].v);
        check_out(cases[i].text);
    }
}
END_TEST

static double random_double(unsigned *seed, int round)
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        bits = bits << 16 | ((unsigned)rand_r(seed) & 0xFFFF);
    }
    double v;
    memcpy(&v, &bits, sizeof(v));
    /* Every other one is of the size that people write. */
    return round % 2 ? v : (double)((int64_t)(bits >> 20) - (1LL << 43)) / (double)(1 << (round / 2 % 30));
}

START_TEST(doubles_read_back_the_same)
{
    unsigned seed = 1;
    for (int i = 0; i < 200000; i++) {
        double v = random_double(&seed, i);
        if (!isfinite(v)) {
            continue;
        }
        json_write_double(&w, v);
        buf_addc(&out, '\0');
        ck_assert_msg(strtod(out.p, NULL) == v, "%.17g became %s", v, out.p);
        buf_reset(&out);
        w = json_write_start(&out);
    }
}
END_TEST

START_TEST(decimals_agree_with_the_c_library)
{
    for (int n = -2000000; n < 2000000; n += 37) {
        double v = n / 1e4;
        char expected[40];
        snprintf(expected, sizeof(expected), "%.15g", v);
        json_write_double(&w, v);
        check_out(expected);
    }
}
END_TEST

START_TEST(overflow_is_noted)
{
    struct buf small;
    buf_init(&small, 16);
    struct json_writer s = json_write_start(&small);
    json_write_array(&s);
    for (int i = 0; i < 100; i++) {
        json_write_strz(&s, "text");
    }
    json_write_array_end(&s);
    ck_assert(small.overflow);
    ck_assert_uint_le(small.n, 16);
    buf_free(&small);
}
END_TEST

START_TEST(value_without_key_aborts)
{
    json_write_object(&w);
    json_write_int(&w, 1);
}
END_TEST

START_TEST(key_in_array_aborts)
{
    json_write_array(&w);
    json_write_key(&w, STR("a"));
}
END_TEST

START_TEST(wrong_end_aborts)
{
    json_write_array(&w);
    json_write_object_end(&w);
}
END_TEST

START_TEST(two_values_at_the_top_abort)
{
    json_write_int(&w, 1);
    json_write_int(&w, 2);
}
END_TEST

static void nest(unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        json_write_array(&w);
    }
}

START_TEST(the_deepest_nesting_works)
{
    nest(JSON_WRITE_DEPTH_MAX);
    for (unsigned i = 0; i < JSON_WRITE_DEPTH_MAX; i++) {
        json_write_array_end(&w);
    }
    ck_assert(json_write_is_complete(&w));
}
END_TEST

START_TEST(deeper_nesting_aborts)
{
    nest(JSON_WRITE_DEPTH_MAX + 1);
}
END_TEST

Suite *write_suite(void)
{
    Suite *s = suite_create("write");
    TCase *t = tcase_create("write");
    tcase_add_checked_fixture(t, start, finish);
    tcase_add_test(t, containers_and_commas);
    tcase_add_test(t, dates_times_and_ids);
    tcase_add_test(t, strings_are_escaped);
    tcase_add_test(t, every_byte_at_every_place);
    tcase_add_test(t, doubles_have_their_shortest_form);
    tcase_add_test(t, doubles_read_back_the_same);
    tcase_add_test(t, decimals_agree_with_the_c_library);
    tcase_add_test(t, overflow_is_noted);
    tcase_add_test_raise_signal(t, value_without_key_aborts, SIGABRT);
    tcase_add_test_raise_signal(t, key_in_array_aborts, SIGABRT);
    tcase_add_test_raise_signal(t, wrong_end_aborts, SIGABRT);
    tcase_add_test_raise_signal(t, two_values_at_the_top_abort, SIGABRT);
    tcase_add_test(t, the_deepest_nesting_works);
    tcase_add_test_raise_signal(t, deeper_nesting_aborts, SIGABRT);
    suite_add_tcase(s, t);
    return s;
}
