/* Tests of base64url.c. */
#include "base/base64url.h"
#include "base/base_tests.h"

/* RFC 4648, section 10, without padding; and the two characters that differ from base64. */
static const struct {
    const char *bytes, *text;
} vectors[] = {
    { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
    { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xfe", "-__-" },
};

START_TEST(known_vectors)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct str bytes = str_from(vectors[i].bytes), text = str_from(vectors[i].text);
        char encoded[16];
        unsigned char decoded[16];
        size_t n = base64url_encode(encoded, bytes.p, bytes.n);
        ck_assert_uint_eq(n, BASE64URL_SIZE(bytes.n));
        ck_assert(str_eq((struct str){ encoded, n }, text));
        ck_assert(base64url_decode(text, decoded, sizeof(decoded), &n));
        ck_assert(str_eq((struct str){ (const char *)decoded, n }, bytes));
    }
}
END_TEST

START_TEST(one_spelling_only)
{
    static const char *const bad[] = { "Z",    "Zg==",   "Zg=",   "Zh",    "Zm9",  "Zm+v",
                                       "Zm/v", "Zm9v\n", " Zm9v", "Zm9vY", "Zm.v", "\xff\xff" };
    unsigned char out[16];
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!base64url_decode(str_from(bad[i]), out, sizeof(out), &n), "%s", bad[i]);
    }
    ck_assert(!base64url_decode(STR("Zm9vYmFy"), out, 5, &n));
    ck_assert(base64url_decode(STR("Zm9vYmFy"), out, 6, &n));
}
END_TEST

/* Every text that decodes is the one that encoding gives. */
START_TEST(round_trips)
{
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        unsigned char bytes[40], back[40];
        char text[60];
        size_t n = seed % 40, got;
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[k] = (unsigned char)(seed >> 24);
        }
        seed = seed * 1664525u + 1013904223u;
        size_t length = base64url_encode(text, bytes, n);
        ck_assert(base64url_decode((struct str){ text, length }, back, sizeof(back), &got));
        ck_assert_uint_eq(got, n);
        ck_assert_mem_eq(bytes, back, n);
    }
}
END_TEST

Suite *base64url_suite(void)
{
    Suite *s = suite_create("base64url");
    TCase *t = tcase_create("base64url");
    tcase_add_test(t, known_vectors);
    tcase_add_test(t, one_spelling_only);
    tcase_add_test(t, round_trips);
    suite_add_tcase(s, t);
    return s;
}
