/* Tests of secret.c. */
#include "auth/auth_tests.h"
#include "auth/secret.h"

#include <stdlib.h>

static struct arena *arena;
static const struct str secret = { "0123456789abcdef0123456789abcdef", 32 };
static const struct str other_secret = { "0123456789abcdef0123456789abcdeg", 32 };

static void setup(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

START_TEST(what_was_sealed_is_opened)
{
    struct str plain, sealed = secret_seal(secret, "a use", STR("owner"), arena, STR("twenty bytes of text"));
    ck_assert_uint_eq(sealed.n, 1 + 12 + 20 + 16);
    ck_assert_ptr_null(memmem(sealed.p, sealed.n, "bytes", 5));
    ck_assert(secret_open(secret, "a use", STR("owner"), arena, sealed, &plain));
    ck_assert(str_eqz(plain, "twenty bytes of text"));
    ck_assert(!str_eq(sealed, secret_seal(secret, "a use", STR("owner"), arena, plain))); /* another nonce */

    sealed = secret_seal(secret, "a use", STR("owner"), arena, STR(""));
    ck_assert(secret_open(secret, "a use", STR("owner"), arena, sealed, &plain));
    ck_assert_uint_eq(plain.n, 0);
}
END_TEST

START_TEST(nothing_else_is_opened)
{
    struct str plain, sealed = secret_seal(secret, "a use", STR("owner"), arena, STR("text"));
    ck_assert(!secret_open(other_secret, "a use", STR("owner"), arena, sealed, &plain));
    ck_assert(!secret_open(secret, "another use", STR("owner"), arena, sealed, &plain));
    ck_assert(!secret_open(secret, "a use", STR("another owner"), arena, sealed, &plain));
    for (size_t i = 0; i < sealed.n; i++) {
        char *damaged = arena_strdup(arena, sealed);
        memcpy(damaged, sealed.p, sealed.n);
        damaged[i] ^= 1;
        ck_assert(
            !secret_open(secret, "a use", STR("owner"), arena, (struct str){ damaged, sealed.n }, &plain));
        ck_assert(!secret_open(secret, "a use", STR("owner"), arena, (struct str){ sealed.p, i }, &plain));
    }
}
END_TEST

START_TEST(macs_depend_on_everything)
{
    unsigned char a[SECRET_MAC_SIZE], b[SECRET_MAC_SIZE];
    secret_mac(secret, "a use", STR("text"), a);
    secret_mac(secret, "a use", STR("text"), b);
    ck_assert_mem_eq(a, b, sizeof a);
    secret_mac(secret, "a use", STR("texu"), b);
    ck_assert_mem_ne(a, b, sizeof a);
    secret_mac(secret, "another use", STR("text"), b);
    ck_assert_mem_ne(a, b, sizeof a);
    secret_mac(other_secret, "a use", STR("text"), b);
    ck_assert_mem_ne(a, b, sizeof a);
    secret_mac(STR_NONE, "a use", STR("text"), b);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

Suite *secret_suite(void)
{
    Suite *s = suite_create("secret");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_was_sealed_is_opened);
    tcase_add_test(c, nothing_else_is_opened);
    tcase_add_test(c, macs_depend_on_everything);
    suite_add_tcase(s, c);
    return s;
}
