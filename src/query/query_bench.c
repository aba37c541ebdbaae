/*
 * What a read costs in C: microseconds of this process per request, by part. Not installed; `make
 * src/query/query_bench` and run it under tests/with-postgres.
 */
#include "query/query_tests.h"

#include "base/log.h"
#include "http/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Check's own assertions cost more than what is measured. */
static void must(enum err e)
{
    if (e != ERR_NONE) {
        abort();
    }
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void request(const struct op *op, const char *query)
{
    fixture_request(op, query);
    rq->path_params[0] = (struct json_param){ STR("id"), STR("00000000-0000-0000-0000-0000000000b1") };
    rq->path_param_count = op == &op_book ? 1 : 0;
}

static struct selection *select_it(const struct op *op)
{
    bool list = (op->flags & OP_LIST) != 0;
    struct selection *sel = selection_from_query(rq, op->entity, list);
    sel->single = !list;
    uuid_parse(STR("00000000-0000-0000-0000-0000000000b1"), &sel->key);
    return sel;
}

static double time_start(const struct op *op, const char *query, int n)
{
    double start = cpu_us();
    for (int i = 0; i < n; i++) {
        request(op, query);
    }
    return (cpu_us() - start) / n;
}

static double time_plan(const struct op *op, const char *query, int n)
{
    const struct plan *plan;
    struct db_param *params;
    int count;
    double start = cpu_us();
    for (int i = 0; i < n; i++) {
        request(op, query);
        must(plan_make(rq, select_it(op), &plan, &params, &count));
    }
    return (cpu_us() - start) / n;
}

static double time_write(const struct op *op, const char *query, int n)
{
    const struct plan *plan;
    struct db_param *params;
    struct db_failure failure;
    int count;
    request(op, query);
    struct selection *sel = select_it(op);
    must(plan_make(rq, sel, &plan, &params, &count));
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = db_add(b, plan_statement(plan), params, count);
    must(db_run(b, &failure));
    double start = cpu_us();
    for (int i = 0; i < n; i++) {
        buf_reset(rq->res.body);
        must(plan_write(rq, plan, sel, db_result(b, at)));
    }
    return (cpu_us() - start) / n;
}

static double time_all(const struct op *op, const char *query, int n)
{
    double start = cpu_us();
    for (int i = 0; i < n; i++) {
        request(op, query);
        must(read_exec(rq));
    }
    return (cpu_us() - start) / n;
}

static void report(const char *name, const struct op *op, const char *query)
{
    time_all(op, query, 100);
    double none = time_start(op, query, 200000);
    printf("%-28s select and plan %5.2f  write %6.2f  all with libpq %6.2f  us\n", name,
           time_plan(op, query, 200000) - none, time_write(op, query, 100000),
           time_all(op, query, 20000) - none);
}

START_TEST(bench)
{
    fixture_tables();
    fixture_super("insert into books (id, title) select gen_random_uuid(), 'Title ' || i from "
                  "generate_series(1, 100) i;"
                  "analyze;");
    report("item", &op_book, "");
    report("item, two edges", &op_book, "include=author,notes");
    report("list of 20", &op_books, "");
    report("list of 20, filter and sort", &op_books, "pages[gte]=2&price[lte]=5000&sort=-price");
    fixture_end();
}
END_TEST

/* The fixture belongs to tests and works only in one. */
int main(void)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        fputs("run me under tests/with-postgres\n", stderr);
        return EXIT_FAILURE;
    }
    log_init("query_bench", LOG_ERROR);
    Suite *s = suite_create("bench");
    TCase *c = tcase_create("bench");
    tcase_add_test(c, bench);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_MINIMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
