/* One suite per module of federation; federation_tests.c runs them all. */
#ifndef NEXUS_FEDERATION_FEDERATION_TESTS_H
#define NEXUS_FEDERATION_FEDERATION_TESTS_H

#include <check.h>

Suite *identity_suite(void);
Suite *jws_suite(void);
Suite *providers_suite(void);

#endif
