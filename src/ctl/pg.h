/*
 * A plain connection of the owner role, for what the API's pipelined connection is not made for: migrations,
 * COPY and maintenance. Ctrl-C and SIGTERM cancel the running statement of every open connection and end the
 * program; the server rolls back what was not committed.
 */
#ifndef NEXUS_CTL_PG_H
#define NEXUS_CTL_PG_H

#include "base/buf.h"
#include "ctl/ctl.h"

#include <libpq-fe.h>

/* NULL after the reason has been printed; *exit then says how the program should end. Close with pg_close. */
PGconn *pg_connect(const struct options *o, enum ctl_exit *exit);
/* As the API connects, or as the owner. NULL with one line in why[] and nothing printed. */
enum pg_role { PG_API, PG_OWNER };
PGconn *pg_open(const struct options *o, enum pg_role role, char *why, size_t why_size, enum ctl_exit *exit);
void pg_close(PGconn *c);

/* Run SQL (several statements are fine, the last one's result is returned). NULL after the reason has been
 * printed. */
PGresult *pg_query(PGconn *c, const char *sql);
/* The same with text parameters (a NULL is SQL null) and one statement. */
PGresult *pg_query_params(PGconn *c, const char *sql, int n, const char *const *params);
/* The same with the types of the parameters named, for statements that do not use all of them. */
PGresult *pg_query_typed(PGconn *c, const char *sql, int n, const Oid *types, const char *const *params);
/*
 * What a list verb does: run the statement of the form asked for on a connection of its own and print it.
 * `table` gives rows, which are printed with two blanks between the columns; `json` one row with the
 * document.
 */
enum ctl_exit pg_list(struct ctl *ctl, const char *table, const char *json, int n, const char *const *params);
/* Run and forget the result. */
bool pg_exec(PGconn *c, const char *sql);
/* First column of the first row as a number; `fallback` when there is no row. False after the reason was
 * printed. */
bool pg_number(PGconn *c, const char *sql, int64_t fallback, int64_t *out);

/* Collect what is left after PQputCopyEnd. False after the reason has been printed. */
bool pg_finish(PGconn *c);

/* How the program should end after the connection's last failure. */
enum ctl_exit pg_exit(const PGconn *c);

#endif
