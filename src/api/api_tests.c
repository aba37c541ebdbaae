/* Runs the unit tests of api. What needs whole processes is in tests/test_supervisor.py. */
#include "api/api_tests.h"

#include "base/log.h"

#include <stdlib.h>

int main(void)
{
    log_init("api_tests", LOG_ERROR);
    SRunner *runner = srunner_create(handover_suite());
    srunner_add_suite(runner, jitter_suite());
    srunner_add_suite(runner, listen_suite());
    srunner_add_suite(runner, metrics_suite());
    srunner_add_suite(runner, notify_suite());
    srunner_add_suite(runner, pool_suite());
    srunner_add_suite(runner, worker_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
