/* Tests of token_cache.c. */
#include "auth/auth_tests.h"
#include "auth/token_cache.h"

#include <stdio.h>

static struct token_cache *cache;

static void setup(void)
{
    cache = token_cache_create();
    ck_assert_ptr_nonnull(cache);
}

static void teardown(void)
{
    token_cache_free(cache);
}

static void put(int n, int64_t expires_us)
{
    unsigned char digest[TOKEN_DIGEST_SIZE];
    char token[32];
    snprintf(token, sizeof(token), "token %d", n);
    ck_assert(token_cache_digest(cache, str_from(token), digest));
    (void)token_cache_put(
        cache, digest, &(struct principal){ .known = true, .perms = (uint64_t)n, .expires_us = expires_us });
}

static bool has(int n, int64_t now_us)
{
    unsigned char digest[TOKEN_DIGEST_SIZE];
    char token[32];
    snprintf(token, sizeof(token), "token %d", n);
    ck_assert(token_cache_digest(cache, str_from(token), digest));
    const struct token_seen *seen = token_cache_get(cache, digest, now_us);
    ck_assert(!seen || seen->who.perms == (uint64_t)n);
    return seen != NULL;
}

START_TEST(digest_is_sha256)
{
    static const unsigned char abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
    unsigned char digest[TOKEN_DIGEST_SIZE];
    ck_assert(token_cache_digest(cache, STR("abc"), digest));
    ck_assert_mem_eq(digest, abc, sizeof(abc));
}
END_TEST

START_TEST(expiry_is_honoured)
{
    ck_assert(!has(1, 0));
    put(1, 1000);
    ck_assert(has(1, 0) && has(1, 999));
    ck_assert(!has(1, 1000) && !has(1, 1001));
    ck_assert(!has(2, 0));
}
END_TEST

/* Far more tokens than places: nobody is mistaken for another, and the latest is always there. */
START_TEST(crowding_is_survived)
{
    int found = 0;
    for (int i = 0; i < 50000; i++) {
        put(i, 1000000 + i);
        ck_assert(has(i, 0));
    }
    for (int i = 0; i < 50000; i++) {
        found += has(i, 0);
    }
    ck_assert_int_gt(found, 2000);
    ck_assert_int_le(found, 4104);
}
END_TEST

Suite *token_cache_suite(void)
{
    Suite *s = suite_create("token_cache");
    TCase *t = tcase_create("token_cache");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, digest_is_sha256);
    tcase_add_test(t, expiry_is_honoured);
    tcase_add_test(t, crowding_is_survived);
    suite_add_tcase(s, t);
    return s;
}
