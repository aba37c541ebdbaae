/* Unit tests of locations: how long what was found is kept. The databases are made by tests/mmdb.py. */
#include "tracking/location.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA      NEXUS_SRCDIR "/tests/data/"
#define SECOND_US INT64_C(1000000)
#define START_US  (1800000000 * SECOND_US)

static char file[] = "/tmp/nexus-locations-XXXXXX";
static struct locations *locations;

/* Put in place of the file at once, as who keeps such a database does. */
static void put(const char *from)
{
    char command[512];
    snprintf(command, sizeof(command), "cp %s %s.new && mv %s.new %s", from, file, file, file);
    ck_assert_int_eq(system(command), 0);
}

static void setup(void)
{
    memcpy(file + sizeof(file) - 7, "XXXXXX", 6);
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    close(fd);
    put(DATA "london.mmdb");
    locations = locations_open(file);
}

static void teardown(void)
{
    locations_close(locations);
    unlink(file);
}

static const char *city(const char *text, int64_t seconds)
{
    struct address a;
    ck_assert(address_parse(str_from(text), &a));
    return locations_find(locations, &a, START_US + seconds * SECOND_US)->city;
}

START_TEST(what_was_found_is_kept_for_a_day)
{
    const int64_t day = 86400;
    ck_assert_str_eq(city("81.2.69.1", 0), "London");
    put(DATA "paris.mmdb");
    ck_assert_str_eq(city("81.2.69.2", 59), "London"); /* a new file is not noticed yet */
    ck_assert_str_eq(city("81.2.69.3", 61), "Paris");
    ck_assert_str_eq(city("81.2.69.1", 61), "London");
    ck_assert_str_eq(city("81.2.69.1", day - 1), "London"); /* asking does not keep it for longer */
    ck_assert_str_eq(city("81.2.69.1", day), "Paris");
    ck_assert_str_eq(city("81.2.69.2", day + 58), "London");
    ck_assert_str_eq(city("81.2.69.2", day + 59), "Paris");
}
END_TEST

START_TEST(that_nothing_is_known_is_kept_too)
{
    ck_assert_str_eq(city("8.8.8.8", 0), "");
    ck_assert_str_eq(city("81.2.69.1", 0), "London");
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_str_eq(city("81.2.69.1", 3600), "London");
    ck_assert_str_eq(city("81.2.69.9", 3600), "London"); /* the file that was opened is still good */
    put(DATA "paris.mmdb");
    ck_assert_str_eq(city("8.8.8.8", 7200), "");
    ck_assert_str_eq(city("81.2.69.9", 7200), "London");
}
END_TEST

/* Neighbours do not push each other out: what the first database said of most of 1,000 is still known. */
START_TEST(neighbours_have_places_of_their_own)
{
    char text[32];
    int kept = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "81.2.%d.%d", 69 + i / 250, i % 250);
        city(text, 0);
    }
    put(DATA "paris.mmdb");
    for (int i = 0; i < 250; i++) {
        snprintf(text, sizeof(text), "81.2.69.%d", i);
        kept += strcmp(city(text, 100), "London") == 0;
    }
    ck_assert_int_ge(kept, 150); /* of 250, by chance some 195 */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tracking");
    TCase *t = tcase_create("locations");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_was_found_is_kept_for_a_day);
    tcase_add_test(t, neighbours_have_places_of_their_own);
    tcase_add_test(t, that_nothing_is_known_is_kept_too);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
