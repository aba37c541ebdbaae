/* Runs the unit tests of cache; those against a server are left out when redis-server is not installed. */
#include "cache/cache_tests.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(gcra_suite());
    srunner_add_suite(runner, rate_buckets_suite());
    if (redis_installed()) {
        srunner_add_suite(runner, rate_suite());
        srunner_add_suite(runner, announce_suite());
        srunner_add_suite(runner, connection_suite());
        srunner_add_suite(runner, backoff_suite());
    } else {
        puts("redis-server is not installed: the tests against it are left out");
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
