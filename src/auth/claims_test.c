/* Tests of claims.c. */
#include "auth/auth_tests.h"
#include "auth/claims.h"

#include <stdio.h>
#include <stdlib.h>

static struct claims claims;

START_TEST(reads_members)
{
    struct str text;
    int64_t n;
    ck_assert(claims_parse(STR(" { \"a\" : \"x\\ty\" , "
                               "\"b\":\"\xc3\xa9\",\"n\":12,\"o\":{\"a\":[1,-0.5e+3,null]},\"t\":true} \n"),
                           &claims));
    ck_assert_uint_eq(claims.count, 5);
    ck_assert(claims_text(&claims, "b", &text) && str_eqz(text, "\xc3\xa9"));
    ck_assert(!claims_text(&claims, "a", &text)); /* escapes are for texts nobody asks for */
    ck_assert(!claims_text(&claims, "n", &text));
    ck_assert(!claims_text(&claims, "absent", &text));
    ck_assert(claims_seconds(&claims, "n", &n));
    ck_assert_int_eq(n, 12);
    ck_assert(!claims_seconds(&claims, "b", &n));
    ck_assert(claims_has(&claims, "t") && !claims_has(&claims, "T"));
    ck_assert(claims_parse(STR("{}"), &claims));
}
END_TEST

START_TEST(refuses_what_is_no_object)
{
    static const char *const bad[] = {
        "",
        " ",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":nul}",
        "{\"a\":truex}",
        "{\"a\":NaN}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"b",
        "{\"a\":\"\t\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":1,\"a\":1}",
        "{\"\\u0061\":1}",
        "{\"a\":1}//",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\xff\"}",
        "{\"a\":[[[[[[[[1]]]]]]]]}",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{\"i\":1}}}}}}}}}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!claims_parse(str_from(bad[i]), &claims), "%s", bad[i]);
    }
    ck_assert(!claims_parse(STR("{\"a\":1}\0"), &claims));
    ck_assert(!claims_parse(STR("{\"a\":\"\\\0\"}"), &claims));
}
END_TEST

/* Every prefix of a good text is refused and read within its bounds (the sanitizer build watches). */
START_TEST(every_prefix_is_refused)
{
    static const char good[] = "{\"a\":\"\\u00e9\\n\",\"b\":[1,-2.5e-3,true,false,null,{\"c\":[]}],\"d\":{}}";
    for (size_t n = 0; n < sizeof(good) - 1; n++) {
        char *copy = malloc(n ? n : 1);
        memcpy(copy, good, n);
        ck_assert(!claims_parse((struct str){ copy, n }, &claims));
        free(copy);
    }
    ck_assert(claims_parse(STR("{\"a\":[[[[[[[1]]]]]]]}"), &claims));
}
END_TEST

START_TEST(members_are_bounded)
{
    char text[1000] = "{\"m0\":0";
    for (int i = 1; i < CLAIMS_MAX; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ",\"m%d\":0", i);
    }
    size_t n = strlen(text);
    snprintf(text + n, sizeof(text) - n, "}");
    ck_assert(claims_parse(str_from(text), &claims));
    snprintf(text + n, sizeof(text) - n, ",\"more\":0}");
    ck_assert(!claims_parse(str_from(text), &claims));
}
END_TEST

static void count_texts(void *data, struct str text)
{
    *(size_t *)data += text.n;
}

START_TEST(lists_of_texts)
{
    size_t n = 0;
    ck_assert(claims_parse(
        STR("{\"a\":[\"x\", \"yz\"],\"b\":[],\"c\":[1],\"d\":\"x\",\"e\":[\"\\n\"],\"f\":[[\"x\"]]}"),
        &claims));
    ck_assert(claims_texts(&claims, "a", count_texts, &n));
    ck_assert_uint_eq(n, 3);
    ck_assert(claims_texts(&claims, "b", count_texts, &n));
    for (const char *name = "cdefg"; *name; name++) {
        ck_assert(!claims_texts(&claims, (const char[]){ *name, 0 }, count_texts, &n));
    }
}
END_TEST

START_TEST(seconds_are_plain_digits)
{
    static const char *const bad[] = { "-1",  "1.0",           "1e3",  "\"1\"", "null",
                                       "[1]", "1234567890123", "true", "{}" };
    char text[64];
    int64_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "{\"exp\":%s}", bad[i]);
        ck_assert(claims_parse(str_from(text), &claims));
        ck_assert_msg(!claims_seconds(&claims, "exp", &n), "%s", bad[i]);
    }
    ck_assert(claims_parse(STR("{\"exp\":999999999999}"), &claims) && claims_seconds(&claims, "exp", &n));
}
END_TEST

Suite *claims_suite(void)
{
    Suite *s = suite_create("claims");
    TCase *t = tcase_create("claims");
    tcase_add_test(t, reads_members);
    tcase_add_test(t, refuses_what_is_no_object);
    tcase_add_test(t, every_prefix_is_refused);
    tcase_add_test(t, members_are_bounded);
    tcase_add_test(t, lists_of_texts);
    tcase_add_test(t, seconds_are_plain_digits);
    suite_add_tcase(s, t);
    return s;
}
