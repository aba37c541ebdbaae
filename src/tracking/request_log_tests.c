/* Tests of the log of requests against a real server: without one in the environment the program starts
 * itself again under tests/with-postgres. */
#include "tracking/request_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/route.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

static struct options *options;
static struct db *db;
static struct arena *arena;
static struct scoreboard *board;
static struct locations *nowhere;

static const struct db_statement rows = { "rows",
                                          "select count(*) || ' ' || coalesce(string_agg(concat_ws(' ', "
                                          "host(address), user_id is null, method, path, status, op, "
                                          "country), '; ' order by at), '') from request_log",
                                          0, true };

static void setup(void)
{
    char error[256];
    int fd;
    options = options_load(NULL, error, sizeof(error));
    ck_assert_msg(options != NULL, "%s", error);
    log_init("request_log_tests", LOG_ERROR);
    arena = arena_create(16384, 1 << 24);
    db = db_create(options, DB_ROLE_API);
    board = scoreboard_create(&fd);
    nowhere = locations_open("");
    ck_assert_int_eq(
        system("psql -X -q -v ON_ERROR_STOP=1 -c 'truncate request_log' \"$NEXUS_TEST_SUPERUSER\""), 0);
}

static void teardown(void)
{
    locations_close(nowhere);
    arena_destroy(arena);
    db_close(db);
    options_free(options);
}

static struct request_note note(int64_t at_us, const char *address, const char *path)
{
    struct request_note n = {
        .at_us = at_us, .id = uuid_v7(), .status = 200, .op = SCOREBOARD_OP_OTHER, .method = METHOD_GET
    };
    ck_assert(!address || address_parse(str_from(address), &n.address));
    n.path_size = (uint8_t)strlen(path);
    memcpy(n.path, path, n.path_size);
    return n;
}

static void write_notes(const struct request_note *notes, size_t count)
{
    ck_assert_int_eq(request_log_write(db, arena, board, nowhere, notes, count), ERR_NONE);
}

static const char *found(void)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(db, arena);
    int i = db_add(b, &rows, NULL, 0);
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    return arena_strdup(arena, db_get_text(db_result(b, i), 0, 0));
}

START_TEST(notes_become_rows)
{
    int64_t now = clock_unix_us();
    struct request_note notes[] = { note(now, "192.0.2.7", "/v1/me"),
                                    note(now + 1, "2001:db8::7", "/a\\b\tc\xff"), note(now + 2, NULL, "/") };
    notes[0].user = uuid_v7();
    write_notes(notes, 3);
    ck_assert_str_eq(found(), "3 192.0.2.7 f GET /v1/me 200; 2001:db8::7 t GET /a\\b?c? 200; t GET / 200");
}
END_TEST

START_TEST(the_same_notes_again_change_nothing)
{
    int64_t now = clock_unix_us();
    struct request_note notes[] = { note(now, "192.0.2.7", "/1"), note(now + 1, "2001:db8::7", "/2"),
                                    note(now + 2, NULL, "/3") };
    write_notes(notes, 2);
    write_notes(notes, 2);
    write_notes(notes, 3);
    ck_assert_str_eq(found(), "3 192.0.2.7 t GET /1 200; 2001:db8::7 t GET /2 200; t GET /3 200");
}
END_TEST

START_TEST(a_day_nobody_has_prepared_is_made)
{
    struct request_note n = note(clock_unix_us() + 40 * DAY_US, "192.0.2.7", "/later");
    write_notes(&n, 1);
    ck_assert_str_eq(found(), "1 192.0.2.7 t GET /later 200");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("request_log");
    TCase *c = tcase_create("server");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 30);
    tcase_add_test(c, notes_become_rows);
    tcase_add_test(c, the_same_notes_again_change_nothing);
    tcase_add_test(c, a_day_nobody_has_prepared_is_made);
    suite_add_tcase(s, c);
    return s;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        execl(NEXUS_SRCDIR "/tests/with-postgres", "with-postgres", argv[0], (char *)NULL);
        perror(NEXUS_SRCDIR "/tests/with-postgres");
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
