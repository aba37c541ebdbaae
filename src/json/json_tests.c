/* Runs the unit tests of json. */
#include "json/json_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(decode_suite());
    srunner_add_suite(runner, format_suite());
    srunner_add_suite(runner, pointer_suite());
    srunner_add_suite(runner, scan_suite());
    srunner_add_suite(runner, shape_suite());
    srunner_add_suite(runner, write_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
