/* Unit tests of the rules of stays. */
#include "calendar/stay_rules.h"

#include <check.h>
#include <stdlib.h>

#define FIRST 20000
#define DAYS  60

static struct arena *arena;
static struct stay_night nights[DAYS];
static struct stay_terms terms;
static const struct uuid property = { { 1 } }, season = { { 2 } };

static void setup(void)
{
    arena = arena_create(65536, 1u << 24);
    terms = (struct stay_terms){ property, FIRST, FIRST, DATE_MAX, 4, 0 };
    for (int i = 0; i < DAYS; i++) {
        nights[i] = (struct stay_night){
            .night = FIRST + i, .min_nights = 2, .max_nights = 10, .arrival_source = STAY_BY_WEEKDAY
        };
    }
}

static void teardown(void)
{
    arena_destroy(arena);
}

static struct stay stay_of(int from, int to)
{
    return (struct stay){ FIRST + from, FIRST + to, 2 };
}

/* Rules broken by nights [from, to), as a set. */
static unsigned broken(int from, int to, int guests, struct stay_reasons *out)
{
    struct stay s = { FIRST + from, FIRST + to, guests };
    unsigned set = 0;
    out->count = 0;
    ck_assert_uint_eq(stay_judge(&s, &terms, nights, out), out->count);
    for (size_t i = 0; i < out->count; i++) {
        set |= 1u << out->list[i].rule;
        ck_assert_str_ne(stay_reason_text(arena, &out->list[i], &s, &terms), "");
    }
    return set;
}

START_TEST(a_stay_within_the_rules_breaks_none)
{
    struct stay_reasons r;
    ck_assert_uint_eq(broken(0, 2, 4, &r), 0);
    ck_assert_uint_eq(broken(1, 11, 1, &r), 0);
}
END_TEST

START_TEST(every_broken_rule_is_named)
{
    struct stay_reasons r;
    terms.today = FIRST + 1;
    terms.first_arrival = FIRST + 3;
    terms.last_departure = FIRST + 40;
    ck_assert_uint_eq(broken(0, 2, 4, &r), 1u << STAY_PAST);
    ck_assert(r.list[0].from == FIRST && r.list[0].to == FIRST + 1);
    ck_assert_uint_eq(broken(2, 5, 4, &r), 1u << STAY_ADVANCE_NOTICE);
    ck_assert(r.list[0].to == FIRST + 3 && r.list[0].source == STAY_BY_RULES);
    ck_assert_uint_eq(broken(38, 42, 4, &r), 1u << STAY_BOOKING_WINDOW);
    ck_assert(r.list[0].from == FIRST + 40 && r.list[0].to == FIRST + 42);
    ck_assert_uint_eq(broken(38, 40, 4, &r), 0);
    ck_assert_uint_eq(broken(5, 6, 9, &r), 1u << STAY_MIN_NIGHTS | 1u << STAY_CAPACITY);
    ck_assert_uint_eq(broken(5, 16, 4, &r), 1u << STAY_MAX_NIGHTS);
    ck_assert_int_eq(r.list[0].limit, 10);
}
END_TEST

START_TEST(arrival_and_departure_are_judged_on_their_own_days)
{
    struct stay_reasons r;
    nights[10].closed_to_arrival = nights[10].closed_to_departure = true;
    nights[10].min_nights = 4;
    nights[10].min_source = STAY_BY_SEASON;
    nights[10].season = season;
    ck_assert_uint_eq(broken(8, 11, 1, &r), 0); /* only passes through */
    ck_assert_uint_eq(broken(8, 10, 1, &r), 1u << STAY_CLOSED_TO_DEPARTURE);
    ck_assert_uint_eq(broken(10, 13, 1, &r), 1u << STAY_CLOSED_TO_ARRIVAL | 1u << STAY_MIN_NIGHTS);
    ck_assert(r.list[0].source == STAY_BY_SEASON && uuid_eq(&r.list[0].id, &season));
    ck_assert(r.list[1].source == STAY_BY_WEEKDAY && uuid_eq(&r.list[1].id, &property));
}
END_TEST

START_TEST(names_and_pointers_of_all_rules)
{
    for (int rule = 0; rule < STAY_RULES; rule++) {
        struct stay_reason r = { .rule = (enum stay_rule)rule };
        struct stay s = stay_of(0, 1);
        ck_assert_str_eq(stay_rule_names[rule], stay_rule_info[rule].code);
        ck_assert_int_eq(stay_rule_info[rule].pointer[0], '/');
        ck_assert_str_ne(stay_reason_text(arena, &r, &s, &terms), "");
    }
    ck_assert_ptr_null(stay_rule_names[STAY_RULES]);
    ck_assert_ptr_null(stay_sources[STAY_SOURCES]);
}
END_TEST

START_TEST(half_open_nights_and_preparation)
{
    const struct stay_taken taken[] = {
        { .unit = 0, .from = FIRST + 10, .to = FIRST + 14, .until = FIRST + 13 }
    };
    struct stay before = stay_of(7, 10), after = stay_of(14, 16), on = stay_of(13, 15);
    ck_assert(stay_is_free(&before, &terms, 1, taken, 1));
    ck_assert(stay_is_free(&after, &terms, 1, taken, 1));
    ck_assert(!stay_is_free(&on, &terms, 1, taken, 1));
    terms.preparation_nights = 1;
    ck_assert(!stay_is_free(&before, &terms, 1, taken, 1));
    ck_assert(!stay_is_free(&before, &terms, 0, taken, 0));
    struct stay_reasons r = { .count = 0 };
    stay_judge_inventory(&before, &terms, 1, taken, 1, &r);
    ck_assert(r.count == 1 && r.list[0].rule == STAY_PREPARATION && r.list[0].from == FIRST + 10);
    r.count = 0;
    stay_judge_inventory(&on, &terms, 1, taken, 1, &r);
    ck_assert(r.count == 1 && r.list[0].rule == STAY_PREPARATION && r.list[0].from == FIRST + 13 &&
              r.list[0].to == FIRST + 14);
}
END_TEST

START_TEST(runs_of_nights_that_no_unit_has)
{
    const struct stay_taken taken[] = {
        { .unit = 0, .from = FIRST + 2, .to = FIRST + 6, .until = FIRST + 6, .block = true },
        { .unit = 1, .from = FIRST + 4, .to = FIRST + 8, .until = FIRST + 8 },
    };
    struct stay s = stay_of(0, 10);
    struct stay_reasons r = { .count = 0 };
    stay_judge_inventory(&s, &terms, 2, taken, 2, &r);
    ck_assert(r.count == 1 && r.list[0].rule == STAY_BOOKED && r.list[0].from == FIRST + 4 &&
              r.list[0].to == FIRST + 6);
    s = stay_of(2, 4);
    r.count = 0;
    stay_judge_inventory(&s, &terms, 2, taken, 2, &r);
    ck_assert_uint_eq(r.count, 0);
    const struct stay_taken halves[] = {
        { .unit = 0, .from = FIRST, .to = FIRST + 2, .until = FIRST + 2 },
        { .unit = 1, .from = FIRST + 2, .to = FIRST + 4, .until = FIRST + 4 },
    };
    s = stay_of(1, 3);
    stay_judge_inventory(&s, &terms, 2, halves, 2, &r);
    ck_assert(r.count == 1 && r.list[0].rule == STAY_NO_UNIT);
}
END_TEST

START_TEST(the_nearest_dates_keep_the_rules)
{
    const struct stay_taken taken[] = {
        { .unit = 0, .from = FIRST + 18, .to = FIRST + 24, .until = FIRST + 24 }
    };
    struct stay s = stay_of(20, 23), found[STAY_NEAREST_MAX];
    nights[24].closed_to_arrival = true;
    nights[25].min_nights = 5;
    ck_assert_uint_eq(stay_nearest(&s, &terms, nights, DAYS, 1, taken, 1, found), 3);
    ck_assert(found[0].check_in == FIRST + 25 && found[0].check_out == FIRST + 30);
    ck_assert(found[1].check_in == FIRST + 15 && found[1].check_out == FIRST + 18);
    ck_assert(found[2].check_in == FIRST + 26 && found[2].check_out == FIRST + 29);
    s.guests = 9;
    ck_assert_uint_eq(stay_nearest(&s, &terms, nights, DAYS, 1, taken, 1, found), 0);
}
END_TEST

/* Found dates are judged as offered, and nothing nearer is, whatever the calendar. */
START_TEST(random_calendars_have_no_nearer_dates)
{
    unsigned seed = 3;
    for (int round = 0; round < 500; round++) {
        struct stay_taken taken[12];
        size_t count = 0;
        for (int unit = 0; unit < 3; unit++) {
            for (date_t d = FIRST + rand_r(&seed) % 5; count < 12 && d < FIRST + DAYS - 8;
                 d += 1 + rand_r(&seed) % 30) {
                date_t to = d + 1 + rand_r(&seed) % 7;
                taken[count++] = (struct stay_taken){ .unit = unit, .from = d, .to = to, .until = to };
                d = to;
            }
        }
        for (int i = 0; i < DAYS; i++) {
            nights[i].closed_to_arrival = rand_r(&seed) % 3 == 0;
            nights[i].closed_to_departure = rand_r(&seed) % 4 == 0;
        }
        terms.preparation_nights = rand_r(&seed) % 3;
        int from = 5 + rand_r(&seed) % 40;
        struct stay s = stay_of(from, from + 3), found[STAY_NEAREST_MAX];
        size_t n = stay_nearest(&s, &terms, nights, DAYS, 3, taken, count, found);
        int worst = n > 0 ? abs(found[0].check_in - s.check_in) : DAYS;
        for (int i = 0; i + 3 + terms.preparation_nights < DAYS; i++) {
            struct stay other = stay_of(i, i + 3);
            struct stay_reasons none = { .count = 0 };
            bool free = stay_is_free(&other, &terms, 3, taken, count);
            stay_judge_inventory(&other, &terms, 3, taken, count, &none);
            ck_assert_int_eq(free, none.count == 0);
            ck_assert(abs(i - from) >= worst || !free || stay_judge(&other, &terms, nights, &none) > 0);
        }
    }
}
END_TEST

START_TEST(what_the_search_index_says_is_gone)
{
    struct stay s = stay_of(0, 9);
    struct stay_reasons r = { .count = 0 };
    stay_reasons_gone(&s, STR("{[2027-01-01,2027-01-03),[2027-02-27,2027-03-01)}"), &r);
    ck_assert_uint_eq(r.count, 2);
    char text[DATE_TEXT_SIZE];
    date_format(text, r.list[1].to);
    ck_assert(r.list[0].rule == STAY_TAKEN && r.list[0].to - r.list[0].from == 2);
    ck_assert_str_eq(text, "2027-03-01");
    r.count = 0;
    stay_reasons_gone(&s, STR("{}"), &r);
    ck_assert(r.count == 1 && r.list[0].rule == STAY_NO_UNIT && r.list[0].to == s.check_out);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stay");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_stay_within_the_rules_breaks_none);
    tcase_add_test(t, every_broken_rule_is_named);
    tcase_add_test(t, arrival_and_departure_are_judged_on_their_own_days);
    tcase_add_test(t, names_and_pointers_of_all_rules);
    tcase_add_test(t, half_open_nights_and_preparation);
    tcase_add_test(t, runs_of_nights_that_no_unit_has);
    tcase_add_test(t, the_nearest_dates_keep_the_rules);
    tcase_add_test(t, random_calendars_have_no_nearer_dates);
    tcase_add_test(t, what_the_search_index_says_is_gone);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
