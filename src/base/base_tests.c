/* Runs the unit tests of base. */
#include "base/base_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(arena_suite());
    srunner_add_suite(runner, address_suite());
    srunner_add_suite(runner, blocklist_suite());
    srunner_add_suite(runner, request_ring_suite());
    srunner_add_suite(runner, base64url_suite());
    srunner_add_suite(runner, buf_suite());
    srunner_add_suite(runner, clock_suite());
    srunner_add_suite(runner, date_suite());
    srunner_add_suite(runner, err_suite());
    srunner_add_suite(runner, log_suite());
    srunner_add_suite(runner, near_suite());
    srunner_add_suite(runner, options_suite());
    srunner_add_suite(runner, scoreboard_suite());
    srunner_add_suite(runner, slots_suite());
    srunner_add_suite(runner, backoff_table_suite());
    srunner_add_suite(runner, str_suite());
    srunner_add_suite(runner, template_suite());
    srunner_add_suite(runner, utf8_suite());
    srunner_add_suite(runner, uuid_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
