/* nexusctl ledger check: whether every cent is accounted for. */
#include "ctl/commands.h"
#include "ctl/ledger_checks.h"
#include "ctl/pg.h"

#include <inttypes.h>
#include <json-c/json.h>

static enum ctl_exit ledger_check_run(struct ctl *ctl);

const struct ctl_command ctl_ledger_check = {
    .name = "ledger check",
    .args = "",
    .example = "nexusctl ledger check",
    .summary = "Check that every cent is accounted for",
    .doc = "Proves of one snapshot of the database: every transaction of the ledger adds up to zero; every "
           "booking "
           "that is owed for was sold once, for what it says, and every cancelled one says what is given "
           "back; no more "
           "is refunded than was captured, and nobody is charged twice. A line for each finding, and exit "
           "status 3 when "
           "there is one.",
    .run = ledger_check_run,
};

#define SHOWN_MAX 100 /* of each check */

struct output {
    bool json;
    int64_t found;
    struct json_object *list;
};

static void show(struct output *out, const struct ledger_check *check, const PGresult *r, int row)
{
    const char *subject = PQgetvalue(r, row, 0), *detail = PQgetvalue(r, row, 1);
    if (!out->json) {
        printf("%s %s: %s\n", check->name, subject, detail);
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "check", json_object_new_string(check->name));
    json_object_object_add(o, "subject", json_object_new_string(subject));
    json_object_object_add(o, "detail", json_object_new_string(detail));
    json_object_array_add(out->list, o);
}

static bool run_check(PGconn *c, const struct ledger_check *check, struct output *out)
{
    PGresult *r = pg_query(c, check->sql);
    if (!r) {
        return false;
    }
    int rows = PQntuples(r);
    for (int i = 0; i < rows && i < SHOWN_MAX; i++) {
        show(out, check, r, i);
    }
    if (rows > SHOWN_MAX && !out->json) {
        printf("%s: and %d more\n", check->name, rows - SHOWN_MAX);
    }
    out->found += rows;
    PQclear(r);
    return true;
}

static void print_end(struct output *out, int64_t transactions)
{
    if (!out->json) {
        printf("%" PRId64 " transactions, %zu checks, %" PRId64 " findings\n", transactions,
               ledger_check_count, out->found);
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "transactions", json_object_new_int64(transactions));
    json_object_object_add(o, "found", json_object_new_int64(out->found));
    json_object_object_add(o, "findings", json_object_get(out->list));
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

/* One snapshot: what is posted while the checks run is seen by all of them or by none. */
static enum ctl_exit check(PGconn *c, bool json)
{
    struct output out = { .json = json, .list = json_object_new_array() };
    int64_t transactions;
    bool ok = pg_exec(c, "begin isolation level repeatable read read only") &&
              pg_number(c, "select count(*) from ledger_transactions", 0, &transactions);
    for (size_t i = 0; ok && i < ledger_check_count; i++) {
        ok = run_check(c, &ledger_checks[i], &out);
    }
    enum ctl_exit exit = !ok ? pg_exit(c) : out.found > 0 ? CTL_PROBLEMS : CTL_OK;
    if (ok) {
        print_end(&out, transactions);
    }
    json_object_put(out.list);
    return exit;
}

static enum ctl_exit ledger_check_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = check(c, ctl_json(ctl));
        pg_close(c);
    }
    return exit;
}
