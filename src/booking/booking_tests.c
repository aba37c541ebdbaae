/* The rules of a booking's life. */
#include "booking/booking_rules.h"

#include <check.h>
#include <stdlib.h>

#define DAY_US INT64_C(86400000000)

/* A stay of the days 100 to 103, whose guest may come at 15:00 of day 100. */
static struct booking_facts facts(enum booking_status status, enum booking_actor actor, date_t today)
{
    return (struct booking_facts){ .status = status,
                                   .check_in = 100,
                                   .check_out = 103,
                                   .today = today,
                                   .now_us = today * DAY_US + DAY_US / 2,
                                   .timer_us = 103 * DAY_US,
                                   .check_in_at_us = 100 * DAY_US + DAY_US / 24 * 15,
                                   .actor = actor };
}

static enum booking_refusal decide(enum booking_status status, enum booking_action action,
                                   enum booking_actor actor, date_t today, enum booking_status *to)
{
    struct booking_facts f = facts(status, actor, today);
    *to = BOOKING_NONE;
    return booking_decide(&f, action, to);
}

START_TEST(guest_and_host_cancel_until_the_day_of_arrival)
{
    enum booking_status to;
    for (int actor = BOOKING_BY_GUEST; actor <= BOOKING_BY_HOST; actor *= 2) {
        enum booking_actor who = (enum booking_actor)actor;
        ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CANCEL, who, 99, &to), BOOKING_ALLOWED);
        ck_assert_int_eq(to, BOOKING_CANCELLED);
        ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CANCEL, who, 100, &to), BOOKING_ALLOWED);
        ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CANCEL, who, 101, &to), BOOKING_TOO_LATE);
        ck_assert_int_eq(to, BOOKING_NONE);
    }
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CANCEL, BOOKING_BY_SYSTEM, 99, &to),
                     BOOKING_WRONG_ACTOR);
}
END_TEST

START_TEST(an_ended_booking_stays_as_it_is_but_late_money_revives)
{
    enum booking_status to;
    for (int s = 0; s < BOOKING_STATUSES; s++) {
        for (int action = 0; booking_states[s].ends && action < BOOKING_ACTIONS; action++) {
            for (int actor = BOOKING_BY_GUEST; actor <= BOOKING_BY_SYSTEM; actor *= 2) {
                bool revives = s == BOOKING_EXPIRED && action == BOOKING_DO_PAY;
                enum booking_refusal expected = !revives                     ? BOOKING_WRONG_STATE
                                                : actor != BOOKING_BY_SYSTEM ? BOOKING_WRONG_ACTOR
                                                                             : BOOKING_ALLOWED;
                ck_assert_int_eq(decide((enum booking_status)s, (enum booking_action)action,
                                        (enum booking_actor)actor, 99, &to),
                                 expected);
            }
        }
    }
}
END_TEST

START_TEST(time_decides_by_the_timer)
{
    enum booking_status to;
    struct booking_facts f = facts(BOOKING_REQUESTED, BOOKING_BY_HOST, 90);
    f.timer_us = f.now_us + 1;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_ACCEPT, &to), BOOKING_ALLOWED);
    f.actor = BOOKING_BY_SYSTEM;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_EXPIRE, &to), BOOKING_TOO_EARLY);
    f.timer_us = f.now_us;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_EXPIRE, &to), BOOKING_ALLOWED);
    ck_assert_int_eq(to, BOOKING_EXPIRED);
    f.actor = BOOKING_BY_HOST;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_ACCEPT, &to), BOOKING_TOO_LATE);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_COMPLETE, BOOKING_BY_GUEST, 200, &to),
                     BOOKING_WRONG_ACTOR);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_COMPLETE, BOOKING_BY_SYSTEM, 102, &to),
                     BOOKING_TOO_EARLY);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_COMPLETE, BOOKING_BY_SYSTEM, 103, &to),
                     BOOKING_ALLOWED);
}
END_TEST

START_TEST(arrival_is_on_its_day_and_a_no_show_after_its_hour)
{
    enum booking_status to;
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CHECK_IN, BOOKING_BY_HOST, 99, &to),
                     BOOKING_TOO_EARLY);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CHECK_IN, BOOKING_BY_HOST, 100, &to),
                     BOOKING_ALLOWED);
    struct booking_facts f = facts(BOOKING_CONFIRMED, BOOKING_BY_HOST, 100);
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_NO_SHOW, &to), BOOKING_TOO_EARLY);
    f.now_us = f.check_in_at_us;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_NO_SHOW, &to), BOOKING_ALLOWED);
    f.actor = BOOKING_BY_GUEST;
    ck_assert_int_eq(booking_decide(&f, BOOKING_DO_NO_SHOW, &to), BOOKING_WRONG_ACTOR);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_DO_CHANGE, BOOKING_BY_GUEST, 100, &to),
                     BOOKING_TOO_LATE);
}
END_TEST

START_TEST(every_state_reaches_an_end_and_every_timer_has_a_rule)
{
    ck_assert_int_eq(booking_check_tables(stderr), 0);
}
END_TEST

START_TEST(names_read_back)
{
    enum booking_status s;
    for (int i = 0; i < BOOKING_STATUSES; i++) {
        ck_assert(booking_status_parse(str_from(booking_statuses[i]), &s));
        ck_assert_int_eq(s, i);
    }
    ck_assert(!booking_status_parse(STR("none"), &s));
    ck_assert_ptr_null(booking_statuses[BOOKING_STATUSES]);
    for (int a = 0; a < BOOKING_ACTIONS; a++) {
        ck_assert_ptr_nonnull(booking_action_name((enum booking_action)a));
    }
}
END_TEST

START_TEST(the_page_of_states_is_current)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n), *in = fopen(NEXUS_SRCDIR "/docs/booking-states.md", "re");
    ck_assert_ptr_nonnull(out);
    ck_assert_ptr_nonnull(in);
    booking_write_states(out);
    fclose(out);
    char *committed = calloc(1, n + 2);
    ck_assert_uint_eq(fread(committed, 1, n + 1, in), n);
    ck_assert_msg(strcmp(text, committed) == 0, "docs/booking-states.md is not current: make docs-update");
    fclose(in);
    free(committed);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("booking");
    TCase *t = tcase_create("rules");
    tcase_add_test(t, guest_and_host_cancel_until_the_day_of_arrival);
    tcase_add_test(t, an_ended_booking_stays_as_it_is_but_late_money_revives);
    tcase_add_test(t, time_decides_by_the_timer);
    tcase_add_test(t, arrival_is_on_its_day_and_a_no_show_after_its_hour);
    tcase_add_test(t, every_state_reaches_an_end_and_every_timer_has_a_rule);
    tcase_add_test(t, names_read_back);
    tcase_add_test(t, the_page_of_states_is_current);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
