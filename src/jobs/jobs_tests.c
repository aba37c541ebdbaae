/* Units: cron expressions, what a schedule has to do, pauses. */
#include "jobs/cron.h"
#include "jobs/internal.h"
#include "jobs/schedule.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)

/* "2026-03-29 00:59:00" as Unix microseconds. */
static int64_t at(const char *utc)
{
    struct tm t = { 0 };
    ck_assert_ptr_nonnull(strptime(utc, "%Y-%m-%d %H:%M:%S", &t));
    return (int64_t)timegm(&t) * SECOND_US;
}

static void shows(const char *cron, const char *zone, const char *after, const char *const *expected)
{
    struct cron c;
    const char *wrong = cron_parse(&c, cron);
    ck_assert_msg(!wrong, "%s: %s", cron, wrong);
    int64_t t = at(after);
    for (int i = 0; expected[i]; i++) {
        char text[32];
        t = cron_next(&c, zone, t);
        time_t seconds = (time_t)(t / SECOND_US);
        struct tm tm;
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &tm));
        ck_assert_msg(strcmp(text, expected[i]) == 0, "%s in %s, run %d: %s and not %s", cron, zone, i, text,
                      expected[i]);
    }
}
#define SHOWS(cron, zone, after, ...) shows(cron, zone, after, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(test_fields)
{
    SHOWS("* * * * *", "", "2026-01-01 00:00:30", "2026-01-01 00:01:00", "2026-01-01 00:02:00");
    SHOWS("*/2 * * * * *", "", "2026-01-01 00:00:57", "2026-01-01 00:00:58", "2026-01-01 00:01:00");
    SHOWS("15,45 8-9 * * *", "", "2026-01-01 08:20:00", "2026-01-01 08:45:00", "2026-01-01 09:15:00",
          "2026-01-01 09:45:00", "2026-01-02 08:15:00");
    SHOWS("0 0 1 jan,jul *", "", "2026-02-01 00:00:00", "2026-07-01 00:00:00", "2027-01-01 00:00:00");
    SHOWS("0 12 * * mon-fri", "", "2026-01-02 12:00:00", "2026-01-05 12:00:00");
    SHOWS("0 12 * * 7", "", "2026-01-01 00:00:00", "2026-01-04 12:00:00");
    SHOWS("0 0 13 * fri", "", "2026-02-10 00:00:00", "2026-02-13 00:00:00", "2026-02-20 00:00:00");
    SHOWS("0 0 29 2 *", "", "2026-01-01 00:00:00", "2028-02-29 00:00:00");
    SHOWS("0 */6 * * *", "", "2026-01-01 13:00:00", "2026-01-01 18:00:00", "2026-01-02 00:00:00");
    SHOWS("0 8 * * *", "Asia/Kolkata", "2026-01-01 00:00:00", "2026-01-01 02:30:00");
    SHOWS("0 8 * * *", "Pacific/Kiritimati", "2026-01-01 00:00:00", "2026-01-01 18:00:00");
}
END_TEST

START_TEST(test_changes_of_clocks)
{
    /* Berlin: 02:00 becomes 03:00 at 01:00 UTC on 29 March 2026, 03:00 becomes 02:00 at 01:00 UTC on 25
     * October. */
    SHOWS("30 2 * * *", "Europe/Berlin", "2026-03-27 12:00:00", "2026-03-28 01:30:00", "2026-03-29 01:00:00",
          "2026-03-30 00:30:00");
    SHOWS("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00:00", "2026-10-25 00:30:00", "2026-10-26 01:30:00");
    SHOWS("0,30 2 * * *", "Europe/Berlin", "2026-03-28 12:00:00", "2026-03-29 01:00:00",
          "2026-03-30 00:00:00");
    SHOWS("30 * * * *", "Europe/Berlin", "2026-10-24 23:00:00", "2026-10-24 23:30:00", "2026-10-25 00:30:00",
          "2026-10-25 01:30:00", "2026-10-25 02:30:00");
    SHOWS("30 * * * *", "Europe/Berlin", "2026-03-29 00:00:00", "2026-03-29 00:30:00", "2026-03-29 01:30:00");
    /* Half an hour, and a midnight that does not exist. */
    SHOWS("15 2 * * *", "Australia/Lord_Howe", "2026-10-03 00:00:00", "2026-10-03 15:30:00");
    SHOWS("0 0 * * *", "America/Sao_Paulo", "2018-11-03 12:00:00", "2018-11-04 03:00:00",
          "2018-11-05 02:00:00");
}
END_TEST

START_TEST(test_what_is_wrong)
{
    static const char *const wrong[] = {
        "",          "* * * *",     "* * * * * * *", "60 * * * *",  "* 24 * * *",
        "* * 0 * *", "* * * 13 *",  "* * * * 8",     "5-1 * * * *", "*/0 * * * *",
        "a * * * *", "1,, * * * *", "1- * * * *",    "* * * foo *", "-1 * * * *"
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct cron c;
        ck_assert_msg(cron_parse(&c, wrong[i]) != NULL, "%s", wrong[i]);
    }
    struct cron never;
    ck_assert_ptr_null(cron_parse(&never, "0 0 30 2 *"));
    ck_assert_int_eq(cron_next(&never, "", at("2026-01-01 00:00:00")), 0);
}
END_TEST

/* Against the definition, minute by minute, over a year with both changes. */
START_TEST(test_against_a_slow_one)
{
    static const char *const crons[] = { "*/20 * * * *", "7 * 1-7 * *", "0 * * * mon" };
    for (size_t k = 0; k < sizeof(crons) / sizeof(crons[0]); k++) {
        struct cron c;
        ck_assert_ptr_null(cron_parse(&c, crons[k]));
        int64_t next = cron_next(&c, "Europe/Berlin", at("2026-03-20 00:00:00") - 1);
        for (int64_t t = at("2026-03-20 00:00:00"); t < at("2026-04-10 00:00:00"); t += 60 * SECOND_US) {
            setenv("TZ", "Europe/Berlin", 1);
            tzset();
            time_t s = (time_t)(t / SECOND_US);
            struct tm tm;
            localtime_r(&s, &tm);
            unsetenv("TZ");
            bool fits = (c.minutes >> tm.tm_min & 1) && (c.hours >> tm.tm_hour & 1) &&
                        (c.days >> tm.tm_mday & 1) && (c.weekdays >> tm.tm_wday & 1);
            ck_assert_int_eq(fits, next == t);
            next = fits ? cron_next(&c, "Europe/Berlin", t) : next;
        }
    }
}
END_TEST

static void due(enum catch_up how, const char *was, const char *now, size_t count, const char *last,
                const char *next)
{
    static struct schedule_due d;
    const struct schedule s = { "s", "0 * * * *", "", NULL, how };
    schedule_judge(&s, was ? at(was) : 0, at(now), &d);
    ck_assert_uint_eq(d.count, count);
    ck_assert_int_eq(d.next_us, at(next));
    if (last) {
        ck_assert_int_eq(d.runs_us[count - 1], at(last));
    }
}

START_TEST(test_missed_runs)
{
    const char *next = "2026-01-01 13:00:00";
    due(CATCH_UP_ONCE, NULL, "2026-01-01 12:30:00", 0, NULL, next);
    due(CATCH_UP_ONCE, "2026-01-01 09:00:00", "2026-01-01 12:30:00", 1, "2026-01-01 09:00:00", next);
    due(CATCH_UP_SKIP, "2026-01-01 09:00:00", "2026-01-01 12:30:00", 0, NULL, next);
    due(CATCH_UP_SKIP, "2026-01-01 12:00:00", "2026-01-01 12:00:30", 1, "2026-01-01 12:00:00", next);
    due(CATCH_UP_SKIP, "2026-01-01 09:00:00", "2026-01-01 12:00:30", 1, "2026-01-01 12:00:00", next);
    due(CATCH_UP_EACH, "2026-01-01 09:00:00", "2026-01-01 12:30:00", 4, "2026-01-01 12:00:00", next);
    due(CATCH_UP_EACH, "2026-01-01 14:00:00", "2026-01-01 12:30:00", 0, NULL, next); /* time went back */
    static struct schedule_due d;
    const struct schedule s = { "s", "*/2 * * * * *", "", NULL, CATCH_UP_EACH };
    schedule_judge(&s, at("2026-01-01 09:00:00"), at("2026-01-01 12:30:00"), &d);
    ck_assert_uint_eq(d.count, SCHEDULE_RUNS_MAX);
    ck_assert_int_eq(d.next_us, d.runs_us[d.count - 1] + 2 * SECOND_US); /* the rest the next time */
}
END_TEST

START_TEST(test_the_list)
{
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        struct cron c;
        const char *wrong = cron_parse(&c, s->cron);
        ck_assert_msg(!wrong, "%s: %s", s->name, wrong);
        ck_assert_ptr_eq(schedule_find(str_from(s->name)), s);
        ck_assert_msg(s->catch_up != CATCH_UP_EACH || !s->job->unique, "%s: one row a key waits", s->name);
    }
    for (size_t i = 0; job_registry[i]; i++) {
        const struct job *job = job_registry[i];
        ck_assert_ptr_eq(job_find(str_from(job->name)), job);
        ck_assert_msg(job->doc && job->doc[0] && job->exec, "%s", job->name);
        ck_assert_msg(job_timeout_us(job) <= 3600 * SECOND_US, "%s", job->name);
    }
}
END_TEST

START_TEST(test_pauses)
{
    const struct job job = { .retry = { .first_us = 100, .longest_us = 1000 } };
    ck_assert_int_eq(job_pause_us(&job, 1, 0), 50);
    ck_assert_int_eq(job_pause_us(&job, 1, 255), 100);
    ck_assert_int_eq(job_pause_us(&job, 3, 255), 400);
    ck_assert_int_eq(job_pause_us(&job, 1000, 255), 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jobs");
    TCase *t = tcase_create("jobs");
    tcase_add_test(t, test_fields);
    tcase_add_test(t, test_changes_of_clocks);
    tcase_add_test(t, test_what_is_wrong);
    tcase_add_test(t, test_against_a_slow_one);
    tcase_add_test(t, test_missed_runs);
    tcase_add_test(t, test_the_list);
    tcase_add_test(t, test_pauses);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
