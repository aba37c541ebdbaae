/* Calendar dates without time or zone: days since 1970-01-01 in the proleptic Gregorian calendar. */
#ifndef NEXUS_BASE_DATE_H
#define NEXUS_BASE_DATE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

typedef int32_t date_t;

#define DATE_MIN       ((date_t)-25567) /* 1900-01-01 */
#define DATE_MAX       ((date_t)47482)  /* 2100-01-01 */
#define DATE_TEXT_SIZE 11               /* "2026-01-02" and NUL */

/* Exactly YYYY-MM-DD, a date that exists, within DATE_MIN..DATE_MAX. */
bool date_parse(struct str s, date_t *out);
void date_format(char out[DATE_TEXT_SIZE], date_t d);
date_t date_from_ymd(int year, int month, int day);
void date_to_ymd(date_t d, int *year, int *month, int *day);
/* 0 = Monday ... 6 = Sunday (ISO 8601 order). */
int date_weekday(date_t d);

#endif
