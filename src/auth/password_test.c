/* Tests of password.c. */
#include "auth/auth_tests.h"
#include "auth/hash_pool.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

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

START_TEST(lower_costs_are_outdated)
{
    struct str encoded = hash(STR("pass word"));
    struct options more_memory = { .argon2_memory = 131072, .argon2_passes = 1 };
    struct options more_passes = { .argon2_memory = 65536, .argon2_passes = 2 };
    struct options less = { .argon2_memory = 32768, .argon2_passes = 1 };
    ck_assert(!password_outdated(&options, encoded));
    ck_assert(!password_outdated(&less, encoded));
    ck_assert(password_outdated(&more_memory, encoded));
    ck_assert(password_outdated(&more_passes, encoded));
    ck_assert(password_outdated(&options, STR("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g")));
    ck_assert(password_outdated(&options, STR("something else")));
    ck_assert(password_outdated(&options, STR("")));
}
END_TEST

/* As many at a time as there are turns; then one is told to come again, and afterwards not. */
START_TEST(hashing_takes_turns)
{
    int fd;
    struct scoreboard *board = scoreboard_create(&fd);
    struct scoreboard_slot *own = scoreboard_slot_take(board), *other = scoreboard_slot_take(board);
    struct options one = { .argon2_memory = 65536, .argon2_passes = 1, .hash_slots = 1, .hash_wait = 1000 };
    struct str encoded;
    bool same;
    hash_pool_join(board, own);
    ck_assert_int_eq(password_hash(&one, arena, STR("pass word"), &encoded), ERR_NONE);
    ck_assert_uint_eq(slots_taken(scoreboard_hashing(board)), 0);
    ck_assert(slots_take(scoreboard_hashing(board), scoreboard_owner(other), 1, 1, 0));
    ck_assert_int_eq(password_verify(&one, STR("pass word"), encoded, &same), ERR_BUSY);
    ck_assert(!same);
    ck_assert_int_eq(password_hash(&one, arena, STR("pass word"), &encoded), ERR_BUSY);
    ck_assert_uint_eq(own->counters[WORKER_REJECTED], 2);
    scoreboard_slot_end(other);
    ck_assert_int_eq(password_verify(&one, STR("pass word"), encoded, &same), ERR_NONE);
    ck_assert(same);
    hash_pool_join(NULL, NULL);
    scoreboard_detach(board);
    close(fd);
}
END_TEST

static void note_priority(void *p)
{
    *(int *)p = getpriority(PRIO_PROCESS, 0);
}

START_TEST(hashing_has_a_low_priority)
{
    int before = getpriority(PRIO_PROCESS, 0), inside = before;
    ck_assert_int_eq(hash_pool_run(&options, note_priority, &inside), ERR_NONE);
    ck_assert_int_ge(inside, 10);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), before);
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
    tcase_add_test(t, lower_costs_are_outdated);
    tcase_add_test(t, hashing_takes_turns);
    tcase_add_test(t, hashing_has_a_low_priority);
    tcase_add_test(t, absence_costs_the_same);
#ifndef KEEPS_FREED_MEMORY
    tcase_add_test(t, memory_is_given_back);
#endif
    suite_add_tcase(s, t);
    return s;
}
