/*
 * Dates by day number. Years start on 1 March inside the computation, so that the leap day is the last day of
 * a year and month lengths follow one formula; 400 years always have 146097 days.
 */
#include "base/date.h"

#define DAYS_400_YEARS 146097
#define EPOCH_SHIFT    719468 /* days from 0000-03-01 to 1970-01-01 */

static int digits_value(const char *p, int count)
{
    int v = 0;
    for (int i = 0; i < count; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool date_parse(struct str s, date_t *out)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') {
        return false;
    }
    int year = digits_value(s.p, 4), month = digits_value(s.p + 5, 2), day = digits_value(s.p + 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month)) {
        return false;
    }
    date_t d = date_from_ymd(year, month, day);
    if (d < DATE_MIN || d > DATE_MAX) {
        return false;
    }
    *out = d;
    return true;
}

static void put_digits(char *out, int width, int v)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
}

void date_format(char out[DATE_TEXT_SIZE], date_t d)
{
    int year, month, day;
    date_to_ymd(d, &year, &month, &day);
    put_digits(out, 4, year);
    out[4] = '-';
    put_digits(out + 5, 2, month);
    out[7] = '-';
    put_digits(out + 8, 2, day);
    out[10] = '\0';
}

date_t date_from_ymd(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (date_t)(era * DAYS_400_YEARS + day_of_era - EPOCH_SHIFT);
}

void date_to_ymd(date_t d, int *year, int *month, int *day)
{
    int z = d + EPOCH_SHIFT;
    int era = (z >= 0 ? z : z - (DAYS_400_YEARS - 1)) / DAYS_400_YEARS;
    int day_of_era = z - era * DAYS_400_YEARS;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

int date_weekday(date_t d)
{
    /* 1970-01-01 was a Thursday. */
    int w = (d + 3) % 7;
    return w < 0 ? w + 7 : w;
}
