/* Runs the tests of src/query; some need a server, which tests/with-postgres gives. */
#include "query/query_tests.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        execl(NEXUS_SRCDIR "/tests/with-postgres", "with-postgres", argv[0], (char *)NULL);
        perror(NEXUS_SRCDIR "/tests/with-postgres");
        return EXIT_FAILURE;
    }
    log_init("query_tests", LOG_ERROR);
    Suite *s = suite_create("query");
    record_tests(s);
    select_tests(s);
    statement_tests(s);
    cursor_tests(s);
    read_tests(s);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
