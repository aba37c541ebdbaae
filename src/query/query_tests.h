/* A small library to read from: books, their authors and notes; and a request without a connection. */
#ifndef NEXUS_QUERY_QUERY_TESTS_H
#define NEXUS_QUERY_QUERY_TESTS_H

#include "query/internal.h"

#include <check.h>

extern const struct entity entity_book, entity_author, entity_note;
extern const struct op op_books, op_book, op_paged, op_note;

/* Of the running test; made anew by fixture_request. */
extern struct request *rq;

/* Query string "a=1&b=2", not percent-encoded. */
void fixture_request(const struct op *op, const char *query);
/* A connection to the test server, with the tables; only in tests of the "server" case. */
void fixture_tables(void);
void fixture_end(void);
struct str fixture_body(void);
void fixture_super(const char *sql);

/* The statement a query string leads to. */
const char *fixture_sql(const struct op *op, const char *query);

void record_tests(Suite *s);
void select_tests(Suite *s);
void statement_tests(Suite *s);
void cursor_tests(Suite *s);
void read_tests(Suite *s);

#endif
