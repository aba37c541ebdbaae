/* One suite per module of api; api_tests.c runs them all. */
#ifndef NEXUS_API_API_TESTS_H
#define NEXUS_API_API_TESTS_H

#include <check.h>

Suite *handover_suite(void);
Suite *jitter_suite(void);
Suite *listen_suite(void);
Suite *metrics_suite(void);
Suite *notify_suite(void);
Suite *pool_suite(void);
Suite *worker_suite(void);

#endif
