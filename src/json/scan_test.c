/* Tests of scan.c: what is JSON, what is not, and what is too much. */
#include "json/json_tests.h"
#include "json/scan.h"

#include "base/buf.h"

#include <stdlib.h>

static struct arena *arena;
static struct violations v;
static const char *why;

static void start(void)
{
    arena = arena_create(4096, 32 << 20);
    v = (struct violations){ .arena = arena };
}

static void finish(void)
{
    arena_destroy(arena);
}

/* From memory of exactly that size, so that AddressSanitizer sees a read beyond it. */
static enum err scan(struct str text)
{
    char *copy = malloc(text.n ? text.n : 1);
    memcpy(copy, text.p, text.n);
    enum err e = json_scan((struct str){ copy, text.n }, arena, &v, &why);
    free(copy);
    return e;
}

START_TEST(well_formed_texts)
{
    static const struct str good[] = {
        STR("{}"),
        STR("[]"),
        STR("null"),
        STR("true"),
        STR("false"),
        STR("0"),
        STR("-0"),
        STR("-0.0e-0"),
        STR("123"),
        STR("1.5"),
        STR("1e5"),
        STR("1E+5"),
        STR("1e-5"),
        STR("1e400"),
        STR("9223372036854775808"),
        STR("\"\""),
        STR("\"a\""),
        STR(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\n"),
        STR("[[[]]]"),
        STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00fF\\uD83C\\uDFE0\""),
        STR("\"\\u0000\""),
        STR("\"\x7F\""),
        STR("\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x8F\xA0\""),
        STR("{\"\":1}"),
        STR("{\"a\":1,\"A\":1}"),
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(scan(good[i]) == ERR_NONE, "%s: %s", good[i].p, why);
        ck_assert_uint_eq(v.count, 0);
    }
}
END_TEST

static const struct {
    struct str text;
    const char *why;
} malformed[] = {
    { STR(""), "unexpected end at byte 0" },
    { STR("  "), "unexpected end at byte 2" },
    { STR("\xEF\xBB\xBF{}"), "byte order mark at byte 0" },
    { STR("{} {}"), "text after the end of the document at byte 3" },
    { STR("{}x"), "text after the end of the document at byte 2" },
    { STR("{}\0"), "text after the end of the document at byte 2" },
    { STR("\0{}"), "unexpected character at byte 0" },
    { STR("nul"), "unexpected character at byte 0" },
    { STR("True"), "unexpected character at byte 0" },
    { STR("NaN"), "unexpected character at byte 0" },
    { STR("Infinity"), "unexpected character at byte 0" },
    { STR("-Infinity"), "invalid number at byte 0" },
    { STR("-"), "invalid number at byte 0" },
    { STR("+1"), "unexpected character at byte 0" },
    { STR(".5"), "unexpected character at byte 0" },
    { STR("01"), "text after the end of the document at byte 1" },
    { STR("-01"), "text after the end of the document at byte 2" },
    { STR("1."), "text after the end of the document at byte 1" },
    { STR("1.e5"), "text after the end of the document at byte 1" },
    { STR("1e"), "text after the end of the document at byte 1" },
    { STR("1e+"), "text after the end of the document at byte 1" },
    { STR("0x10"), "text after the end of the document at byte 1" },
    { STR("1_000"), "text after the end of the document at byte 1" },
    { STR("'a'"), "unexpected character at byte 0" },
    { STR("{'a':1}"), "expected a member name in double quotes at byte 1" },
    { STR("{a:1}"), "expected a member name in double quotes at byte 1" },
    { STR("{1:1}"), "expected a member name in double quotes at byte 1" },
    { STR("{\"a\"}"), "expected ':' at byte 4" },
    { STR("{\"a\":}"), "unexpected character at byte 5" },
    { STR("{\"a\":1,}"), "expected a member name in double quotes at byte 7" },
    { STR("{\"a\":1 \"b\":2}"), "expected ',' or '}' at byte 7" },
    { STR("{,}"), "expected a member name in double quotes at byte 1" },
    { STR("[1,]"), "unexpected character at byte 3" },
    { STR("[,1]"), "unexpected character at byte 1" },
    { STR("[1 2]"), "expected ',' or ']' at byte 3" },
    { STR("[1}"), "expected ',' or ']' at byte 2" },
    { STR("[1"), "unexpected end at byte 2" },
    { STR("]"), "unexpected character at byte 0" },
    { STR("/* c */ {}"), "unexpected character at byte 0" },
    { STR("{} // c"), "text after the end of the document at byte 3" },
    { STR("{\"a\":1 /* c */}"), "expected ',' or '}' at byte 7" },
    { STR("\"a"), "unexpected end at byte 2" },
    { STR("\"a\nb\""), "control character in a string at byte 2" },
    { STR("\"a\0b\""), "control character in a string at byte 2" },
    { STR("\"\\x41\""), "invalid escape at byte 2" },
    { STR("\"\\'\""), "invalid escape at byte 2" },
    { STR("\"\\\0\""), "invalid escape at byte 2" },
    { STR("\"\\u12\""), "invalid \\u escape at byte 5" },
    { STR("\"\\u12g4\""), "invalid \\u escape at byte 5" },
    { STR("\"\\u 123\""), "invalid \\u escape at byte 3" },
    { STR("\"\\ud83c\""), "lone surrogate in a \\u escape at byte 7" },
    { STR("\"\\ud83cx\""), "lone surrogate in a \\u escape at byte 7" },
    { STR("\"\\ud83c\\n\""), "lone surrogate in a \\u escape at byte 8" },
    { STR("\"\\udfe0\""), "lone surrogate in a \\u escape at byte 7" },
    { STR("\"\\ud83c\\ud83c\""), "lone surrogate in a \\u escape at byte 13" },
    { STR("\"\\ud83c\\u0041\""), "lone surrogate in a \\u escape at byte 13" },
    { STR("\"\xFF\""), "invalid UTF-8 at byte 1" },
    { STR("\"\xC0\xAF\""), "invalid UTF-8 at byte 1" },
    { STR("\"\xE0\x80\xAF\""), "invalid UTF-8 at byte 1" },
    { STR("\"\xED\xA0\x80\""), "invalid UTF-8 at byte 1" },
    { STR("\"\xF4\x90\x80\x80\""), "invalid UTF-8 at byte 1" },
    { STR("\"\xE2\x82\""), "invalid UTF-8 at byte 1" },
    { STR("\xC3\xBC"), "unexpected character at byte 0" },
    { STR("{\"a\\u0000b\":1}"), "NUL in a member name before at byte 11" },
    { STR("\xC2\xA0{}"), "unexpected character at byte 0" },
    { STR("\f{}"), "unexpected character at byte 0" },
};

START_TEST(malformed_texts)
{
    ck_assert_msg(scan(malformed[_i].text) == ERR_BAD_JSON, "%s", malformed[_i].text.p);
    ck_assert_str_eq(why, malformed[_i].why);
}
END_TEST

START_TEST(truncated_at_each_byte)
{
    static const struct str whole =
        STR(" {\"a\":[1,-2.5e+3,true,false,null,\"x\\u00e9\\ud83c\\udfe0\xC3\xBC\\n\"],\"b\":{\"c\":{}},"
            "\"d\":\"\"}");
    ck_assert_int_eq(scan(whole), ERR_NONE);
    for (size_t n = 0; n < whole.n; n++) {
        ck_assert_msg(scan((struct str){ whole.p, n }) == ERR_BAD_JSON, "%zu", n);
    }
}
END_TEST

/* Whatever a single byte is changed to, json_scan ends and never reads beyond the text. */
START_TEST(any_byte_changed)
{
    static const char whole[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\xC3\xBC\"]}";
    char text[sizeof(whole) - 1];
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int c = 0; c < 256; c++) {
            memcpy(text, whole, sizeof(text));
            text[at] = (char)c;
            enum err e = scan((struct str){ text, sizeof(text) });
            ck_assert(e == ERR_NONE || e == ERR_BAD_JSON);
        }
        arena_reset(arena);
    }
}
END_TEST

static enum err scan_nested(size_t depth, const char *open, const char *close)
{
    struct buf b;
    buf_init(&b, 4 << 20);
    for (size_t i = 0; i < depth; i++) {
        buf_addz(&b, open);
    }
    for (size_t i = 0; i < depth && close; i++) {
        buf_addz(&b, close);
    }
    enum err e = scan(buf_str(&b));
    buf_free(&b);
    return e;
}

START_TEST(depth_is_bounded)
{
    ck_assert_int_eq(scan_nested(JSON_DEPTH_MAX, "[", "]"), ERR_NONE);
    ck_assert_int_eq(scan_nested(JSON_DEPTH_MAX + 1, "[", "]"), ERR_BAD_JSON);
    ck_assert_str_eq(why, "nested too deeply at byte 33");
    ck_assert_int_eq(scan_nested(100000, "[", "]"), ERR_BAD_JSON);
    ck_assert_int_eq(scan_nested(100000, "[", NULL), ERR_BAD_JSON);
    ck_assert_int_eq(scan_nested(100000, "{\"a\":", NULL), ERR_BAD_JSON);
    ck_assert_int_eq(scan_nested(100000, "{\"a\":[", NULL), ERR_BAD_JSON);
}
END_TEST

START_TEST(values_are_bounded)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addz(&b, "[0");
    for (int i = 2; i < JSON_VALUES_MAX; i++) {
        buf_addz(&b, ",0");
    }
    size_t n = b.n;
    buf_addz(&b, "]");
    ck_assert_int_eq(scan(buf_str(&b)), ERR_NONE);
    b.n = n;
    buf_addz(&b, ",0]");
    ck_assert_int_eq(scan(buf_str(&b)), ERR_BAD_JSON);
    ck_assert(strstr(why, "too many values"));
    buf_free(&b);
}
END_TEST

START_TEST(numbers_are_bounded)
{
    char digits[JSON_NUMBER_MAX + 1];
    memset(digits, '9', sizeof(digits));
    ck_assert_int_eq(scan((struct str){ digits, JSON_NUMBER_MAX }), ERR_NONE);
    ck_assert_int_eq(scan((struct str){ digits, JSON_NUMBER_MAX + 1 }), ERR_BAD_JSON);
    ck_assert(json_is_number((struct str){ digits, JSON_NUMBER_MAX }));
    ck_assert(!json_is_number((struct str){ digits, JSON_NUMBER_MAX + 1 }));
}
END_TEST

START_TEST(numbers_by_themselves)
{
    static const char *const good[] = { "0", "-0", "1", "10", "1.5", "-1.25e-7", "1E5" };
    static const char *const bad[] = { "",   "-",  "01",  "1.",  ".1",  "1e", "+1",
                                       " 1", "1 ", "0x1", "nan", "inf", "1,5" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(json_is_number(str_from(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!json_is_number(str_from(bad[i])), "%s", bad[i]);
    }
    ck_assert(!json_is_number(STR("1\0")));
}
END_TEST

START_TEST(duplicate_names_are_found)
{
    ck_assert_int_eq(
        scan(STR("{\"a\":1,\"b\":[{\"x/y\":1,\"z\":2,\"x\\/y\":3,\"x/y\":4}],\"\\u0061\":2,\"\":1,\"\":2}")),
        ERR_NONE);
    ck_assert_uint_eq(v.count, 3);
    ck_assert_str_eq(v.list[0].pointer, "/b/0/x~1y");
    ck_assert_str_eq(v.list[0].code, "duplicate");
    ck_assert_str_eq(v.list[1].pointer, "/");
    ck_assert_str_eq(v.list[2].pointer, "/a");
}
END_TEST

START_TEST(many_duplicates_cost_little)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < JSON_VALUES_MAX - 1; i++) {
        buf_printf(&b, "%c\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d\":0", i ? ',' : '{', i / 2);
    }
    buf_addc(&b, '}');
    ck_assert_int_eq(scan(buf_str(&b)), ERR_NONE);
    ck_assert_uint_eq(v.count, VIOLATIONS_MAX);
    buf_free(&b);
}
END_TEST

Suite *scan_suite(void)
{
    Suite *s = suite_create("scan");
    TCase *t = tcase_create("scan");
    tcase_add_checked_fixture(t, start, finish);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, well_formed_texts);
    tcase_add_loop_test(t, malformed_texts, 0, sizeof(malformed) / sizeof(malformed[0]));
    tcase_add_test(t, truncated_at_each_byte);
    tcase_add_test(t, any_byte_changed);
    tcase_add_test(t, depth_is_bounded);
    tcase_add_test(t, values_are_bounded);
    tcase_add_test(t, numbers_are_bounded);
    tcase_add_test(t, numbers_by_themselves);
    tcase_add_test(t, duplicate_names_are_found);
    tcase_add_test(t, many_duplicates_cost_little);
    suite_add_tcase(s, t);
    return s;
}
