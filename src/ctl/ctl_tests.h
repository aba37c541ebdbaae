/* One suite per module of ctl that needs no database; ctl_tests.c runs them all. */
#ifndef NEXUS_CTL_CTL_TESTS_H
#define NEXUS_CTL_CTL_TESTS_H

#include <check.h>

Suite *airbnb_suite(void);
Suite *args_suite(void);
Suite *csv_suite(void);
Suite *demo_suite(void);
Suite *manual_suite(void);
Suite *schema_suite(void);
Suite *text_suite(void);

#endif
