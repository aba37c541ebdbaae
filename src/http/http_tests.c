/* Runs the suites of src/http; one needs a server, which tests/with-postgres gives. */
#include "http/http_tests.h"

#include "base/log.h"

#include <fcntl.h>
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
    log_init("http_tests", LOG_ERROR);
    SRunner *r = srunner_create(route_suite());
    srunner_add_suite(r, uri_suite());
    srunner_add_suite(r, etag_suite());
    srunner_add_suite(r, trace_suite());
    srunner_add_suite(r, gates_suite());
    srunner_add_suite(r, fastcgi_suite());
    srunner_add_suite(r, multipart_suite());
    srunner_add_suite(r, pipeline_suite());
    srunner_add_suite(r, access_suite());
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
