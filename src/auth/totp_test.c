/* Tests of totp.c: the vectors of RFC 4226 and RFC 6238, and the rules around them. */
#include "auth/auth_tests.h"
#include "auth/totp.h"

#include <stdlib.h>

#define US 1000000LL

static const struct str key = { "12345678901234567890", 20 };
static struct arena *arena;

static void setup(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

/* RFC 4226, appendix D. */
START_TEST(hotp_vectors)
{
    static const char *const codes[] = { "755224", "287082", "359152", "969429", "338314",
                                         "254676", "287922", "162583", "399871", "520489" };
    char out[7];
    for (uint64_t i = 0; i < 10; i++) {
        totp_code(key, i, 6, out);
        ck_assert_str_eq(out, codes[i]);
    }
}
END_TEST

/* RFC 6238, appendix B, SHA-1. */
START_TEST(totp_vectors)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } vectors[] = { { 59, "94287082" },         { 1111111109, "07081804" }, { 1111111111, "14050471" },
                    { 1234567890, "89005924" }, { 2000000000, "69279037" }, { 20000000000, "65353130" } };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char out[9];
        int64_t step = totp_step(vectors[i].seconds * US);
        totp_code(key, (uint64_t)step, 8, out);
        ck_assert_str_eq(out, vectors[i].code);
        struct str last_six = { vectors[i].code + 2, 6 };
        ck_assert_int_eq(totp_match(key, last_six, vectors[i].seconds * US, 0), step);
    }
}
END_TEST

START_TEST(the_window_is_one_step_each_way)
{
    const int64_t now = 1234567890, step = now / 30;
    for (int64_t offset = -4; offset <= 4; offset++) {
        char code[7];
        totp_code(key, (uint64_t)(step + offset), 6, code);
        int64_t found = totp_match(key, str_from(code), now * US, 0);
        ck_assert_int_eq(found, llabs(offset) <= 1 ? step + offset : 0);
    }
}
END_TEST

START_TEST(a_used_step_is_no_more)
{
    const int64_t now = 1234567890, step = now / 30;
    char code[7], next[7];
    totp_code(key, (uint64_t)step, 6, code);
    totp_code(key, (uint64_t)step + 1, 6, next);
    ck_assert_int_eq(totp_match(key, str_from(code), now * US, step - 1), step);
    ck_assert_int_eq(totp_match(key, str_from(code), now * US, step), 0);
    ck_assert_int_eq(totp_match(key, str_from(code), now * US, step + 1), 0);
    ck_assert_int_eq(totp_match(key, str_from(next), now * US, step), step + 1);
}
END_TEST

START_TEST(codes_as_typed)
{
    ck_assert(totp_is_code(STR("123456")));
    ck_assert(totp_is_code(STR("123 456")));
    ck_assert(!totp_is_code(STR("12345")));
    ck_assert(!totp_is_code(STR("1234567")));
    ck_assert(!totp_is_code(STR("12345a")));
    ck_assert(!totp_is_code(STR("")));
    ck_assert_int_eq(totp_match(key, STR("287 082"), 59 * US, 0), 1);
    ck_assert_int_eq(totp_match(key, STR("287082 "), 59 * US, 0), 1);
    ck_assert_int_eq(totp_match(key, STR("287083"), 59 * US, 0), 0);
    ck_assert_int_eq(totp_match(key, STR("28708"), 59 * US, 0), 0);
    ck_assert_int_eq(totp_match(key, STR(""), 59 * US, 0), 0);
}
END_TEST

/* RFC 4648, section 10, without padding. */
START_TEST(base32_vectors)
{
    static const char *const vectors[][2] = { { "", "" },
                                              { "f", "MY" },
                                              { "fo", "MZXQ" },
                                              { "foo", "MZXW6" },
                                              { "foob", "MZXW6YQ" },
                                              { "fooba", "MZXW6YTB" },
                                              { "foobar", "MZXW6YTBOI" } };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        ck_assert(str_eqz(totp_base32(arena, str_from(vectors[i][0])), vectors[i][1]));
    }
}
END_TEST

START_TEST(uris_are_escaped)
{
    struct str uri = totp_uri(arena, STR("My Place"), STR("a+b&c@x.org"), key);
    ck_assert(str_eqz(uri,
                      "otpauth://totp/My%20Place:a%2Bb%26c%40x.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                      "&issuer=My%20Place&algorithm=SHA1&digits=6&period=30"));
}
END_TEST

START_TEST(recovery_codes)
{
    char code[RECOVERY_CODE_SIZE + 1], other[RECOVERY_CODE_SIZE + 1];
    unsigned char a[RECOVERY_HASH_SIZE], b[RECOVERY_HASH_SIZE];
    recovery_code_make(code);
    recovery_code_make(other);
    ck_assert_str_ne(code, other);
    ck_assert_uint_eq(strlen(code), RECOVERY_CODE_SIZE);
    ck_assert(!totp_is_code(str_from(code)));
    ck_assert(recovery_code_hash(str_from(code), a));
    ck_assert(recovery_code_hash(str_from(other), b));
    ck_assert_mem_ne(a, b, sizeof a);

    char typed[40] = "";
    for (size_t i = 0, n = 0; code[i]; i++) { /* capitals, blanks for hyphens */
        typed[n++] = code[i] == '-' ? ' ' : code[i] >= 'a' ? (char)(code[i] - 'a' + 'A') : code[i];
    }
    ck_assert(recovery_code_hash(str_from(typed), b));
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert(!recovery_code_hash(STR("123456"), a));
    ck_assert(!recovery_code_hash(STR("aaaa-bbbb-cccc-ddd"), a));
    ck_assert(!recovery_code_hash(STR("aaaa-bbbb-cccc-dddd-e"), a));
    ck_assert(!recovery_code_hash(STR("aaaa-bbbb-cccc-ddd1"), a)); /* no such letter in base32 */
    ck_assert(!recovery_code_hash(STR(""), a));
}
END_TEST

Suite *totp_suite(void)
{
    Suite *s = suite_create("totp");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, hotp_vectors);
    tcase_add_test(c, totp_vectors);
    tcase_add_test(c, the_window_is_one_step_each_way);
    tcase_add_test(c, a_used_step_is_no_more);
    tcase_add_test(c, codes_as_typed);
    tcase_add_test(c, base32_vectors);
    tcase_add_test(c, uris_are_escaped);
    tcase_add_test(c, recovery_codes);
    suite_add_tcase(s, c);
    return s;
}
