/* Unit tests of the life of a booking. */
#include "booking/booking_rules.h"

#include <check.h>
#include <stdlib.h>

static enum booking_refusal decide(enum booking_status status, enum booking_action action,
                                   enum booking_actor actor, date_t today, enum booking_status *to)
{
    struct booking_facts facts = { status, 100, 103, today, actor };
    return booking_decide(&facts, action, to);
}

START_TEST(guest_and_host_cancel_until_the_day_of_arrival)
{
    enum booking_status to;
    for (date_t today = 90; today <= 110; today++) {
        enum booking_refusal expected = today <= 100 ? BOOKING_ALLOWED : BOOKING_WRONG_DAY;
        ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_CANCEL, BOOKING_BY_GUEST, today, &to), expected);
        ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_CANCEL, BOOKING_BY_HOST, today, &to), expected);
    }
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_CANCEL, BOOKING_BY_GUEST, 99, &to), BOOKING_ALLOWED);
    ck_assert_int_eq(to, BOOKING_CANCELLED);
}
END_TEST

START_TEST(an_ended_booking_stays_as_it_is)
{
    enum booking_status to = BOOKING_CONFIRMED;
    for (int action = BOOKING_CANCEL; action <= BOOKING_COMPLETE; action++) {
        for (int actor = BOOKING_BY_GUEST; actor <= BOOKING_BY_SYSTEM; actor *= 2) {
            ck_assert_int_eq(
                decide(BOOKING_CANCELLED, (enum booking_action)action, (enum booking_actor)actor, 99, &to),
                BOOKING_WRONG_STATE);
            ck_assert_int_eq(
                decide(BOOKING_COMPLETED, (enum booking_action)action, (enum booking_actor)actor, 99, &to),
                BOOKING_WRONG_STATE);
        }
    }
    ck_assert_int_eq(to, BOOKING_CONFIRMED);
}
END_TEST

START_TEST(only_the_system_completes_and_only_after_the_stay)
{
    enum booking_status to;
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_COMPLETE, BOOKING_BY_GUEST, 200, &to),
                     BOOKING_WRONG_ACTOR);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_COMPLETE, BOOKING_BY_SYSTEM, 102, &to),
                     BOOKING_WRONG_DAY);
    ck_assert_int_eq(decide(BOOKING_CONFIRMED, BOOKING_COMPLETE, BOOKING_BY_SYSTEM, 103, &to),
                     BOOKING_ALLOWED);
    ck_assert_int_eq(to, BOOKING_COMPLETED);
}
END_TEST

START_TEST(every_state_is_an_end_or_leads_to_one)
{
    for (int status = 0; status < BOOKING_STATUSES; status++) {
        bool leads_on = false;
        for (size_t i = 0; i < booking_transition_count; i++) {
            const struct booking_transition *t = &booking_transitions[i];
            leads_on |= (int)t->from == status;
            ck_assert_int_ne(t->to, BOOKING_CONFIRMED);
            ck_assert_uint_ne(t->actors, 0);
        }
        ck_assert_int_eq(leads_on, status == BOOKING_CONFIRMED);
    }
}
END_TEST

START_TEST(names_read_back)
{
    enum booking_status s;
    for (int i = 0; i < BOOKING_STATUSES; i++) {
        ck_assert(booking_status_parse(str_from(booking_statuses[i]), &s));
        ck_assert_int_eq(s, i);
    }
    ck_assert(!booking_status_parse(STR("held"), &s));
    ck_assert_ptr_null(booking_statuses[BOOKING_STATUSES]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("booking");
    TCase *t = tcase_create("rules");
    tcase_add_test(t, guest_and_host_cancel_until_the_day_of_arrival);
    tcase_add_test(t, an_ended_booking_stays_as_it_is);
    tcase_add_test(t, only_the_system_completes_and_only_after_the_stay);
    tcase_add_test(t, every_state_is_an_end_or_leads_to_one);
    tcase_add_test(t, names_read_back);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
