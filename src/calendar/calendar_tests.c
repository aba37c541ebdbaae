/* Unit tests of ranges laid over each other. */
#include "calendar/calendar_rules.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(65536, 1u << 26);
}

static void teardown(void)
{
    arena_destroy(arena);
}

#define KEEP CALENDAR_KEEP
#define V(price, min_nights)                                                                                 \
    {                                                                                                        \
        price, min_nights, KEEP, KEEP, KEEP                                                                  \
    }

START_TEST(the_span_holds_all_ranges)
{
    const struct calendar_range r[] = { { 10, 12, V(1, KEEP), CALENDAR_BLOCK_KEEP, -1 },
                                        { 5, 6, V(1, KEEP), CALENDAR_BLOCK_KEEP, -1 },
                                        { 11, 20, V(1, KEEP), CALENDAR_BLOCK_KEEP, -1 } };
    date_t from, to;
    calendar_span(r, 3, &from, &to);
    ck_assert_int_eq(from, 5);
    ck_assert_int_eq(to, 20);
}
END_TEST

START_TEST(later_ranges_win_member_by_member)
{
    const struct calendar_range r[] = { { 10, 14, V(100, 2), CALENDAR_BLOCK_KEEP, -1 },
                                        { 12, 16, V(KEEP, 3), CALENDAR_BLOCK_KEEP, -1 },
                                        { 13, 14, V(CALENDAR_RESET, KEEP), CALENDAR_BLOCK_KEEP, -1 } };
    struct night_change *n;
    ck_assert_uint_eq(calendar_night_changes(arena, r, 3, &n), 6);
    ck_assert(n[0].night == 10 && n[0].value[CALENDAR_PRICE] == 100 && n[0].value[CALENDAR_MIN_NIGHTS] == 2);
    ck_assert(n[2].night == 12 && n[2].value[CALENDAR_PRICE] == 100 && n[2].value[CALENDAR_MIN_NIGHTS] == 3);
    ck_assert(n[3].night == 13 && n[3].value[CALENDAR_PRICE] == CALENDAR_RESET &&
              n[3].value[CALENDAR_MIN_NIGHTS] == 3);
    ck_assert(n[5].night == 15 && n[5].value[CALENDAR_PRICE] == KEEP && n[5].value[CALENDAR_MIN_NIGHTS] == 3);
}
END_TEST

START_TEST(gaps_and_blocks_alone_change_no_night)
{
    const struct calendar_range r[] = { { 10, 11, V(100, KEEP), CALENDAR_BLOCK_KEEP, -1 },
                                        { 12, 13, V(KEEP, KEEP), CALENDAR_BLOCKED, -1 },
                                        { 20, 21, V(100, KEEP), CALENDAR_BLOCK_KEEP, -1 } };
    struct night_change *n;
    ck_assert_uint_eq(calendar_night_changes(arena, r, 3, &n), 2);
    ck_assert_int_eq(n[1].night, 20);
}
END_TEST

START_TEST(runs_per_unit)
{
    const struct calendar_range r[] = { { 10, 20, V(KEEP, KEEP), CALENDAR_BLOCKED, -1 },
                                        { 12, 14, V(KEEP, KEEP), CALENDAR_FREE, 1 } };
    struct block_run *run;
    ck_assert_uint_eq(calendar_block_runs(arena, r, 2, 2, &run), 4);
    ck_assert(run[0].unit == 0 && run[0].from == 10 && run[0].to == 20 && run[0].blocked &&
              run[0].range == 0);
    ck_assert(run[1].unit == 1 && run[1].from == 10 && run[1].to == 12 && run[1].blocked);
    ck_assert(run[2].unit == 1 && run[2].from == 12 && run[2].to == 14 && !run[2].blocked &&
              run[2].range == 1);
    ck_assert(run[3].unit == 1 && run[3].from == 14 && run[3].to == 20 && run[3].blocked &&
              run[3].range == 0);
}
END_TEST

START_TEST(no_blocks_no_runs)
{
    const struct calendar_range r[] = { { 10, 20, V(5, KEEP), CALENDAR_BLOCK_KEEP, -1 } };
    struct block_run *run;
    ck_assert_uint_eq(calendar_block_runs(arena, r, 1, 3, &run), 0);
    const struct calendar_range b[] = { { 10, 20, V(5, KEEP), CALENDAR_BLOCKED, -1 } };
    ck_assert_uint_eq(calendar_block_runs(arena, b, 1, 0, &run), 0);
}
END_TEST

/* Against the plain definition: the last range that speaks about a night decides. */
START_TEST(random_ranges_agree_with_the_definition)
{
    unsigned seed = 11;
    for (int round = 0; round < 2000; round++) {
        arena_reset(arena);
        struct calendar_range r[6];
        size_t count = 1 + (size_t)rand_r(&seed) % 6;
        int last_block[2][30];
        for (int i = 0; i < 60; i++) {
            last_block[i / 30][i % 30] = -1;
        }
        for (size_t i = 0; i < count; i++) {
            date_t from = rand_r(&seed) % 29;
            r[i] = (struct calendar_range){ from, from + 1 + rand_r(&seed) % (30 - from), V(KEEP, KEEP),
                                            (enum calendar_block)(rand_r(&seed) % 3), rand_r(&seed) % 3 - 1 };
            for (date_t d = r[i].from; d < r[i].to && r[i].block != CALENDAR_BLOCK_KEEP; d++) {
                for (int unit = 0; unit < 2; unit++) {
                    last_block[unit][d] = r[i].unit == -1 || r[i].unit == unit ? (int)i : last_block[unit][d];
                }
            }
        }
        struct block_run *run;
        size_t runs = calendar_block_runs(arena, r, count, 2, &run);
        ck_assert_uint_le(runs, 2 * (2 * count + 1));
        for (size_t i = 0; i < runs; i++) {
            ck_assert_int_lt(run[i].from, run[i].to);
            for (date_t d = run[i].from; d < run[i].to; d++) {
                ck_assert_int_eq(last_block[run[i].unit][d], run[i].range);
                ck_assert_int_eq(run[i].blocked, r[run[i].range].block == CALENDAR_BLOCKED);
                last_block[run[i].unit][d] = -1;
            }
        }
        for (int i = 0; i < 60; i++) {
            ck_assert_int_eq(last_block[i / 30][i % 30], -1);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("calendar");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_span_holds_all_ranges);
    tcase_add_test(t, later_ranges_win_member_by_member);
    tcase_add_test(t, gaps_and_blocks_alone_change_no_night);
    tcase_add_test(t, runs_per_unit);
    tcase_add_test(t, no_blocks_no_runs);
    tcase_add_test(t, random_ranges_agree_with_the_definition);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
