/* Runs the unit tests of auth. */
#include "auth/auth_tests.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(claims_suite());
    srunner_add_suite(runner, key_folder_suite());
    srunner_add_suite(runner, keys_suite());
    srunner_add_suite(runner, password_suite());
    srunner_add_suite(runner, password_rules_suite());
    srunner_add_suite(runner, permissions_suite());
    srunner_add_suite(runner, scopes_suite());
    srunner_add_suite(runner, secret_suite());
    srunner_add_suite(runner, totp_suite());
    srunner_add_suite(runner, token_suite());
    srunner_add_suite(runner, token_cache_suite());
    srunner_add_suite(runner, token_hostile_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
