/* Tests of password.c. */
#include "auth/auth_tests.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;
static struct options options = { .argon2_memory = 65536, .argon2_passes = 1 };

static void setup(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static bool verifies(const struct options *o, struct str password, struct str encoded)
{
    bool same;
    ck_assert_int_eq(password_verify(o, password, encoded, &same), ERR_NONE);
    return same;
}

static struct str hash(struct str password)
{
    struct str encoded;
    ck_assert_int_eq(password_hash(&options, arena, password, &encoded), ERR_NONE);
    return encoded;
}

START_TEST(verifies_what_it_hashed)
{
    struct str encoded = hash(STR("correct horse"));
    ck_assert(str_starts(encoded, STR("$argon2id$v=19$m=64,t=1,p=1$")));
    ck_assert(verifies(&options, STR("correct horse"), encoded));
    ck_assert(!verifies(&options, STR("correct hors"), encoded));
    ck_assert(!verifies(&options, STR("correct horse "), encoded));
    ck_assert(!verifies(&options, STR(""), encoded));
    ck_assert(!str_eq(encoded, hash(STR("correct horse")))); /* another salt */
}
END_TEST

START_TEST(every_byte_counts)
{
    char long_one[1024], other[1024];
    memset(long_one, 'a', sizeof(long_one));
    memcpy(other, long_one, sizeof(other));
    other[sizeof(other) - 1] = 'b';
    struct str encoded = hash((struct str){ long_one, sizeof(long_one) });
    ck_assert(verifies(&options, (struct str){ long_one, sizeof(long_one) }, encoded));
    ck_assert(!verifies(&options, (struct str){ other, sizeof(other) }, encoded));

    encoded = hash(STR("with\0nul"));
    ck_assert(verifies(&options, STR("with\0nul"), encoded));
    ck_assert(!verifies(&options, STR("with\0nuL"), encoded));
    ck_assert(!verifies(&options, STR("with"), encoded));
}
END_TEST

START_TEST(damaged_hashes_are_false)
{
    static const char *const bad[] = { "",
                                       "x",
                                       "$argon2id$",
                                       "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
                                       "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
                                       "$2b$12$abcdefghijklmnopqrstuv" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert(!verifies(&options, STR("x"), str_from(bad[i])));
    }
    char huge[5000];
    memset(huge, 'x', sizeof(huge));
    ck_assert(!verifies(&options, STR("x"), (struct str){ huge, sizeof(huge) }));
    ck_assert(!verifies(&options, STR("x"), STR_NONE));
    struct str unused;
    ck_assert_int_eq(password_hash(&options, arena, (struct str){ huge, sizeof(huge) }, &unused),
                     ERR_VALIDATION);
}
END_TEST

/* The cost of a hash stays with it when the options change. */
START_TEST(old_cost_still_verifies)
{
    struct str encoded = hash(STR("pass word"));
    struct options later = { .argon2_memory = 131072, .argon2_passes = 2 };
    ck_assert(verifies(&later, STR("pass word"), encoded));
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_FREED_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_FREED_MEMORY 1
#endif
#endif

#ifndef KEEPS_FREED_MEMORY
static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return pages * 4;
}

START_TEST(memory_is_given_back)
{
    struct options large = { .argon2_memory = 32 << 20, .argon2_passes = 1 };
    struct str encoded;
    long before = resident_kib();
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(password_hash(&large, arena, STR("a password"), &encoded), ERR_NONE);
        ck_assert(verifies(&large, STR("a password"), encoded));
        ck_assert(!verifies(&large, STR("a password"), STR_NONE));
    }
    ck_assert_int_lt(resident_kib() - before, 4096);
}
END_TEST
#endif

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

#define SAMPLES 41

/* Interleaved samples; medians, so that a busy machine does not decide. The bound is loose for the same
 * reason. */
START_TEST(absence_costs_the_same)
{
    struct options costly = { .argon2_memory = 4 << 20, .argon2_passes = 1 };
    int64_t known[SAMPLES], unknown[SAMPLES];
    struct str encoded;
    ck_assert_int_eq(password_hash(&costly, arena, STR("a password"), &encoded), ERR_NONE);
    for (size_t i = 0; i < SAMPLES; i++) {
        int64_t start = clock_mono_us();
        ck_assert(!verifies(&costly, STR("another one"), encoded));
        int64_t middle = clock_mono_us();
        ck_assert(!verifies(&costly, STR("another one"), STR_NONE));
        known[i] = middle - start;
        unknown[i] = clock_mono_us() - middle;
    }
    qsort(known, SAMPLES, sizeof(known[0]), compare);
    qsort(unknown, SAMPLES, sizeof(unknown[0]), compare);
    int64_t a = known[SAMPLES / 2], b = unknown[SAMPLES / 2];
    ck_assert_msg(llabs(a - b) * 4 < a, "median with an account %lld us, without %lld us", (long long)a,
                  (long long)b);
}
END_TEST

Suite *password_suite(void)
{
    Suite *s = suite_create("password");
    TCase *t = tcase_create("password");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, verifies_what_it_hashed);
    tcase_add_test(t, every_byte_counts);
    tcase_add_test(t, damaged_hashes_are_false);
    tcase_add_test(t, old_cost_still_verifies);
    tcase_add_test(t, absence_costs_the_same);
#ifndef KEEPS_FREED_MEMORY
    tcase_add_test(t, memory_is_given_back);
#endif
    suite_add_tcase(s, t);
    return s;
}
