/* Runs the unit tests of ctl. */
#include "ctl/ctl_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(csv_suite());
    srunner_add_suite(runner, airbnb_suite());
    srunner_add_suite(runner, args_suite());
    srunner_add_suite(runner, demo_suite());
    srunner_add_suite(runner, manual_suite());
    srunner_add_suite(runner, schema_suite());
    srunner_add_suite(runner, text_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
