/* Runs the suites of federation. */
#include "federation/federation_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(identity_suite());
    srunner_add_suite(runner, jws_suite());
    srunner_add_suite(runner, providers_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
