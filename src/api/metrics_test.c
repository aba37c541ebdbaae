/* Unit tests of the metrics text and its HTTP answers. */
#include "api/api_tests.h"
#include "api/metrics.h"

#include <string.h>
#include <unistd.h>

static struct scoreboard *board;
static int board_fd;
static struct buf out;

static void setup(void)
{
    board = scoreboard_create(&board_fd);
    buf_init(&out, 1 << 20);
}

static void teardown(void)
{
    buf_free(&out);
    scoreboard_detach(board);
    close(board_fd);
}

static const char *text(void)
{
    buf_addc(&out, '\0');
    return out.p;
}

static const char *answered(const char *head)
{
    buf_reset(&out);
    metrics_answer(&out, str_from(head), board);
    return text();
}

START_TEST(sums_over_workers)
{
    unsigned op = scoreboard_op(board, "booking_create");
    struct scoreboard_slot *a = scoreboard_slot_take(board);
    struct scoreboard_slot *b = scoreboard_slot_take(board);
    scoreboard_slot_begin(a, 1, 3);
    scoreboard_slot_begin(b, 2, 4);
    scoreboard_worker_state(b, WORKER_IDLE, SCOREBOARD_OP_OTHER);
    scoreboard_private_bytes(a, 1000);
    scoreboard_private_bytes(b, 24);
    scoreboard_op_done(a, op, 201, 200);
    scoreboard_op_done(b, op, 201, 2000);
    scoreboard_op_done(b, op, 299, 40000000);
    scoreboard_count(a, WORKER_REJECTED);
    scoreboard_pool_add(board, POOL_WATCHDOG_KILLS, 2);
    metrics_write(&out, board);
    static const char *const expected[] = {
        "\nnexus_http_requests_total{op=\"booking_create\",code=\"201\"} 2\n",
        "\nnexus_http_requests_total{op=\"booking_create\",code=\"other\"} 1\n",
        "\nnexus_http_request_duration_seconds_bucket{op=\"booking_create\",le=\"0.0001\"} 0\n",
        "\nnexus_http_request_duration_seconds_bucket{op=\"booking_create\",le=\"0.00025\"} 1\n",
        "\nnexus_http_request_duration_seconds_bucket{op=\"booking_create\",le=\"0.0025\"} 2\n",
        "\nnexus_http_request_duration_seconds_bucket{op=\"booking_create\",le=\"30\"} 2\n",
        "\nnexus_http_request_duration_seconds_bucket{op=\"booking_create\",le=\"+Inf\"} 3\n",
        "\nnexus_http_request_duration_seconds_sum{op=\"booking_create\"} 40.002200\n",
        "\nnexus_http_request_duration_seconds_count{op=\"booking_create\"} 3\n",
        "\nnexus_http_rejected_total 1\n",
        "\nnexus_watchdog_kills_total 2\n",
        "\nnexus_workers{state=\"starting\"} 1\n",
        "\nnexus_workers{state=\"idle\"} 1\n",
        "\nnexus_worker_memory_bytes 1024\n",
        "\nnexus_generation 4\n",
    };
    const char *all = text();
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_msg(strstr(all, expected[i]), "missing %s in\n%s", expected[i], all);
    }
}
END_TEST

START_TEST(only_metrics_is_served)
{
    ck_assert_ptr_nonnull(strstr(answered("GET /metrics HTTP/1.1\r\nHost: x"), "HTTP/1.1 200 OK\r\n"));
    ck_assert_ptr_nonnull(strstr(answered("GET /metrics?a=b HTTP/1.0"), "nexus_build_info"));
    ck_assert_ptr_nonnull(strstr(answered("GET /metricsx HTTP/1.1"), "HTTP/1.1 404 "));
    ck_assert_ptr_nonnull(strstr(answered("GET / HTTP/1.1"), "\"code\":\"not_found\""));
    ck_assert_ptr_nonnull(strstr(answered("DELETE /metrics HTTP/1.1"), "Allow: GET, HEAD\r\n"));
    ck_assert_ptr_nonnull(strstr(answered("GET /metrics HTTP/2.0"), "HTTP/1.1 400 "));
    ck_assert_ptr_nonnull(strstr(answered("GET"), "HTTP/1.1 400 "));
    ck_assert_ptr_nonnull(strstr(answered(""), "HTTP/1.1 400 "));
}
END_TEST

START_TEST(head_has_no_body)
{
    const char *all = answered("HEAD /metrics HTTP/1.1");
    ck_assert_ptr_null(strstr(all, "nexus_"));
    ck_assert_str_eq(strstr(all, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

Suite *metrics_suite(void)
{
    Suite *s = suite_create("metrics");
    TCase *c = tcase_create("metrics");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, sums_over_workers);
    tcase_add_test(c, only_metrics_is_served);
    tcase_add_test(c, head_has_no_body);
    suite_add_tcase(s, c);
    return s;
}
