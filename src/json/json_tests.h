/* One suite per module of json; json_tests.c runs them all. */
#ifndef NEXUS_JSON_JSON_TESTS_H
#define NEXUS_JSON_JSON_TESTS_H

#include <check.h>

Suite *decode_suite(void);
Suite *format_suite(void);
Suite *pointer_suite(void);
Suite *scan_suite(void);
Suite *shape_suite(void);
Suite *write_suite(void);

#endif
