/* One suite per module of base; base_tests.c runs them all. */
#ifndef NEXUS_BASE_BASE_TESTS_H
#define NEXUS_BASE_BASE_TESTS_H

#include <check.h>

Suite *address_suite(void);
Suite *arena_suite(void);
Suite *blocklist_suite(void);
Suite *request_ring_suite(void);
Suite *base64url_suite(void);
Suite *buf_suite(void);
Suite *clock_suite(void);
Suite *date_suite(void);
Suite *err_suite(void);
Suite *log_suite(void);
Suite *near_suite(void);
Suite *options_suite(void);
Suite *scoreboard_suite(void);
Suite *slots_suite(void);
Suite *backoff_table_suite(void);
Suite *str_suite(void);
Suite *template_suite(void);
Suite *utf8_suite(void);
Suite *uuid_suite(void);

#endif
