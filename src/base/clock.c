/* Clocks and RFC 3339 text. */
#include "base/clock.h"

#include "base/date.h"

#include <stdio.h>
#include <time.h>

#define SECOND_US 1000000LL
#define DAY_US    (86400 * SECOND_US)
/* What four digits of a year can show: 0000-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z. */
#define TEXT_MIN_US (-719528 * DAY_US)
#define TEXT_MAX_US (2932897 * DAY_US - 1)

static int64_t now_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_unix_us(void)
{
    return now_us(CLOCK_REALTIME);
}

static void put_digits(char *out, int width, int64_t v)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
}

size_t clock_format(char out[CLOCK_TEXT_SIZE], int64_t unix_us)
{
    unix_us = unix_us < TEXT_MIN_US ? TEXT_MIN_US : unix_us > TEXT_MAX_US ? TEXT_MAX_US : unix_us;
    int64_t days = unix_us / DAY_US;
    int64_t rest = unix_us % DAY_US;
    if (rest < 0) {
        rest += DAY_US;
        days--;
    }
    date_format(out, (date_t)days);
    int64_t seconds = rest / SECOND_US;
    memcpy(out + 10, "T00:00:00Z", 11);
    put_digits(out + 11, 2, seconds / 3600);
    put_digits(out + 14, 2, seconds / 60 % 60);
    put_digits(out + 17, 2, seconds % 60);
    if (rest % SECOND_US == 0) {
        return 20;
    }
    memcpy(out + 19, ".000000Z", 9);
    put_digits(out + 20, 6, rest % SECOND_US);
    return 27;
}
