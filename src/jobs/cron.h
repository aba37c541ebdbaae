/*
 * When a schedule is due. Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are
 * Sunday); or six with the second in front. A field is *, a number, a range 1-5, a name (jan, mon), each with
 * a step /5, or a list of those. When both days are given one of them suffices, as with cron(8).
 *
 * Local time of a zone. An hour that a change of clocks leaves out: what is fixed to a time in it runs when
 * it is over. One that comes twice: what is fixed to a time runs the first time; what runs every hour (hour
 * *) keeps its real distance in both.
 *
 * Sets the process's time zone meanwhile (glibc has one): not for use by several threads.
 */
#ifndef NEXUS_JOBS_CRON_H
#define NEXUS_JOBS_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    bool every_hour, every_day, every_weekday; /* written as * */
};

/* NULL, or what is wrong with the text. */
const char *cron_parse(struct cron *c, const char *text);
/*
 * The first time after `after` (Unix microseconds) that fits, in a zone ("" is UTC, else a name of the IANA
 * database that exists); 0 when there is none within ten years.
 */
int64_t cron_next(const struct cron *c, const char *zone, int64_t after_us);

#endif
