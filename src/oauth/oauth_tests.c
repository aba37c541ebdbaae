/* Runs the unit tests of oauth. */
#include "oauth/oauth_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(client_rules_suite());
    srunner_add_suite(runner, small_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
