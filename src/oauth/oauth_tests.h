/* One suite per module of oauth; oauth_tests.c runs them all. */
#ifndef NEXUS_OAUTH_OAUTH_TESTS_H
#define NEXUS_OAUTH_OAUTH_TESTS_H

#include <check.h>

Suite *client_rules_suite(void);
Suite *small_suite(void);

#endif
