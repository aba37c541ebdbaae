/* One suite per module of json; json_tests.c runs them all. */
#ifndef NEXUS_JSON_JSON_TESTS_H
#define NEXUS_JSON_JSON_TESTS_H

#include <check.h>

Suite *write_suite(void);

#endif
