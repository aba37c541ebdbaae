/* Suites of src/cache and the private Redis they use. */
#ifndef NEXUS_CACHE_CACHE_TESTS_H
#define NEXUS_CACHE_CACHE_TESTS_H

#include "base/options.h"
#include "cache/cache.h"

#include <check.h>

Suite *gcra_suite(void);
Suite *rate_buckets_suite(void);
Suite *announce_suite(void);   /* needs Redis */
Suite *rate_suite(void);       /* needs Redis */
Suite *connection_suite(void); /* needs Redis */
Suite *backoff_suite(void);    /* needs Redis */

/* False: there is no redis-server on this machine. */
bool redis_installed(void);
/* Start a server of our own on a unix socket in a fresh folder and wait until it answers; with a password
 * when not NULL. It dies with the test program at the latest. */
void redis_start(const char *password);
void redis_stop(void);
void redis_signal(int signal);
/* Options that lead to it, changed by the test as it likes; static memory. */
struct options *redis_options(void);
/* Run one command outside of the cache under test; false when Redis says no. */
bool redis_do(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
