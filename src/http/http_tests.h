/* Suites of src/http and the service they run against: the real pipeline, without servers. */
#ifndef NEXUS_HTTP_HTTP_TESTS_H
#define NEXUS_HTTP_HTTP_TESTS_H

#include "http/op.h"
#include "http/service.h"

#include <check.h>
#include <json-c/json.h>

#undef fail /* check.h's old name of ck_abort_msg hides request.h's */

Suite *access_suite(void); /* needs PostgreSQL: tests/with-postgres */
Suite *etag_suite(void);
Suite *fastcgi_suite(void);
Suite *multipart_suite(void);
Suite *gates_suite(void);
Suite *pipeline_suite(void);
Suite *route_suite(void);
Suite *trace_suite(void);
Suite *uri_suite(void);

/* Options to be changed before test_service_start. */
extern struct options test_options;
extern struct service *test_service;

/* Default options, a key for tokens, the ops of test_ops.c. */
void test_options_reset(void);
void test_service_start(void);
void test_service_stop(void);

/* A header with the token of a user whom no database knows; malloc'd. */
char *test_token(void);
char *test_token_of(const struct token_spec *spec);

/* What came out. Texts are the caller's until the next request. */
struct test_answer {
    int status;
    const char *head;
    const char *body;
    struct json_object *json; /* NULL when the body is no JSON */
};

/*
 * Run one request through the pipeline: method, target, body (NULL: none) and NULL-terminated further FastCGI
 * parameters "NAME=value", which replace those set by default.
 */
struct test_answer test_request(const char *method, const char *target, const char *body, ...)
    __attribute__((sentinel));

/* Value of a header of the last answer, or NULL. */
const char *test_header(const char *name);
/* Text of a member of the last answer's body, or NULL. */
const char *test_member(const char *name);

/* What the op test_echo has seen. */
extern char test_seen_key[300];
extern bool test_seen_principal;
extern unsigned test_executions;

#endif
