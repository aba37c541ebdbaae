/* Connections of the owner role. */
#include "ctl/pg.h"

#include "base/str.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX 8

/* For the signal handler: what to cancel. */
static PGcancel *volatile cancels[CONNECTIONS_MAX];
static PGconn *connections[CONNECTIONS_MAX];
static _Atomic enum ctl_exit last_exit = CTL_FAILED;

/* SQLSTATE classes and how the program ends; anything else is CTL_FAILED. */
static const struct {
    const char *prefix;
    enum ctl_exit exit;
} exits[] = {
    { "08", CTL_UNAVAILABLE }, { "57P", CTL_UNAVAILABLE }, { "53300", CTL_TRY_AGAIN },
    { "40", CTL_TRY_AGAIN },   { "55P03", CTL_TRY_AGAIN }, { "42501", CTL_PERMISSION },
    { "28", CTL_PERMISSION },
};

static enum ctl_exit exit_of(const char *sqlstate)
{
    for (size_t i = 0; sqlstate && i < sizeof(exits) / sizeof(exits[0]); i++) {
        if (strncmp(sqlstate, exits[i].prefix, strlen(exits[i].prefix)) == 0) {
            return exits[i].exit;
        }
    }
    return CTL_FAILED;
}

static void on_signal(int number)
{
    char why[64];
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (cancels[i]) {
            PQcancel(cancels[i], why, sizeof(why)); /* documented as safe in a signal handler */
        }
    }
    static const char text[] = "\nnexusctl: interrupted; nothing of the running step was kept\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    _exit(128 + number);
}

static void watch(PGconn *c)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (!connections[i]) {
            connections[i] = c;
            cancels[i] = PQgetCancel(c);
            return;
        }
    }
}

static void forget(PGconn *c)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (connections[i] == c) {
            PGcancel *cancel = cancels[i];
            cancels[i] = NULL;
            connections[i] = NULL;
            PQfreeCancel(cancel);
        }
    }
}

/* The server's or libpq's words without the trailing newline, in one line. */
static void say_error(const char *message)
{
    size_t n = strcspn(message, "\n");
    ctl_say("%.*s", (int)n, message);
    const char *rest = message + n;
    while (*rest == '\n') {
        rest++;
    }
    if (*rest) {
        n = strlen(rest);
        fprintf(stderr, "  %.*s\n", (int)(rest[n - 1] == '\n' ? n - 1 : n), rest);
    }
}

static PGconn *open_connection(const struct options *o, const char *conninfo, const char *password)
{
    char timeout[24];
    snprintf(timeout, sizeof(timeout), "%lld",
             (long long)(o->database_connect_timeout + 999999) / 1000000 + 1);
    const char *keys[] = {
        "dbname",  "password", "connect_timeout", "client_encoding", "fallback_application_name",
        "options", NULL
    };
    const char *values[] = { conninfo,   password,
                             timeout,    "UTF8",
                             "nexusctl", "-c client_min_messages=warning -c datestyle=ISO -c timezone=UTC",
                             NULL };
    return PQconnectdbParams(keys, values, 1);
}

/* Errors before authentication have no SQLSTATE in this libpq; the words of the server tell. */
static enum ctl_exit connect_exit(const char *message)
{
    static const char *const refused[] = { "authentication failed", "permission denied",
                                           "no pg_hba.conf entry", "role \"" };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (strstr(message, refused[i])) {
            return CTL_PERMISSION;
        }
    }
    return CTL_UNAVAILABLE;
}

/* libpq's words end with a newline and may have several lines. */
static void keep_words(const char *message, char *why, size_t size)
{
    size_t n = strlen(message);
    while (n > 0 && message[n - 1] == '\n') {
        n--;
    }
    snprintf(why, size, "%.*s", (int)n, message);
    for (char *p = why; *p; p++) {
        *p = *p == '\n' || *p == '\t' ? ' ' : *p;
    }
}

PGconn *pg_open(const struct options *o, enum pg_role role, char *why, size_t why_size, enum ctl_exit *exit)
{
    const char *file = role == PG_API ? o->database_password_file : o->database_owner_password_file;
    char *password = NULL;
    size_t size;
    *exit = CTL_FAILED;
    if (file[0] && !(password = options_secret(file, &size, why, why_size))) {
        return NULL;
    }
    PGconn *c = open_connection(o, role == PG_API ? o->database : o->database_owner, password);
    free(password);
    if (PQstatus(c) == CONNECTION_OK) {
        watch(c);
        return c;
    }
    keep_words(PQerrorMessage(c), why, why_size);
    *exit = connect_exit(PQerrorMessage(c));
    PQfinish(c);
    return NULL;
}

PGconn *pg_connect(const struct options *o, enum ctl_exit *exit)
{
    char why[1024];
    PGconn *c = pg_open(o, PG_OWNER, why, sizeof(why), exit);
    if (!c) {
        ctl_say("%s", why);
    }
    return c;
}

void pg_close(PGconn *c)
{
    if (c) {
        forget(c);
        PQfinish(c);
    }
}

/* NULL unless the result is a success. */
static PGresult *checked(PGconn *c, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_COPY_IN) {
        return r;
    }
    last_exit =
        PQstatus(c) == CONNECTION_BAD ? CTL_UNAVAILABLE : exit_of(PQresultErrorField(r, PG_DIAG_SQLSTATE));
    say_error(r && PQresultErrorMessage(r)[0] ? PQresultErrorMessage(r) : PQerrorMessage(c));
    PQclear(r);
    return NULL;
}

PGresult *pg_query(PGconn *c, const char *sql)
{
    return checked(c, PQexec(c, sql));
}

PGresult *pg_query_params(PGconn *c, const char *sql, int n, const char *const *params)
{
    return checked(c, PQexecParams(c, sql, n, NULL, params, NULL, NULL, 0));
}

PGresult *pg_query_typed(PGconn *c, const char *sql, int n, const Oid *types, const char *const *params)
{
    return checked(c, PQexecParams(c, sql, n, types, params, NULL, NULL, 0));
}

static void print_rows(const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        for (int k = 0; k < PQnfields(r); k++) {
            char *text = PQgetvalue(r, i, k);
            ctl_clean(text);
            printf("%s%s", k > 0 ? "  " : "", text);
        }
        putchar('\n');
    }
}

enum ctl_exit pg_list(struct ctl *ctl, const char *table, const char *json, int n, const char *const *params)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r = pg_query_params(c, ctl_json(ctl) ? json : table, n, params);
    if (r && ctl_json(ctl)) {
        puts(PQgetvalue(r, 0, 0));
    } else if (r) {
        print_rows(r);
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}

bool pg_exec(PGconn *c, const char *sql)
{
    PGresult *r = pg_query(c, sql);
    PQclear(r);
    return r != NULL;
}

bool pg_number(PGconn *c, const char *sql, int64_t fallback, int64_t *out)
{
    PGresult *r = pg_query(c, sql);
    if (!r) {
        return false;
    }
    *out = fallback;
    bool ok = PQntuples(r) == 0 || PQgetisnull(r, 0, 0) || str_int64(str_from(PQgetvalue(r, 0, 0)), out);
    PQclear(r);
    return ok;
}

bool pg_finish(PGconn *c)
{
    bool ok = true;
    PGresult *r;
    while ((r = PQgetResult(c)) != NULL) {
        r = checked(c, r);
        ok = ok && r != NULL;
        PQclear(r);
    }
    return ok;
}

enum ctl_exit pg_exit(const PGconn *c)
{
    return PQstatus(c) == CONNECTION_BAD ? CTL_UNAVAILABLE : last_exit;
}
