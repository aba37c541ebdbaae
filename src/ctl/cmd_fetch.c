/* nexusctl fetch */
#include "ctl/commands.h"

#include "base/clock.h"
#include "fetch/fetch.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BLOCK   (64 * 1024)
#define ARENA_CEILING (4 * 1024 * 1024)

static enum ctl_exit fetch_verb_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "file", "FILE", "write the body of the answer into FILE, which must not exist" },
    { "limit", "BYTES", "longest body that is taken, 262144 unless given" },
    { "redirects", "N", "redirects that are followed, 0 unless given, 3 at most" },
    { "timeout", "SECONDS", "for all of it, 10 unless given" },
    { "ca", "FILE", "certificates to trust instead of the system's" },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_fetch = {
    .name = "fetch",
    .args = "URL",
    .example = "nexusctl fetch https://example.com/calendar.ics",
    .summary = "Call a URL as Nexus itself would, by nexus-fetch",
    .doc = "Says what came back, or why nothing did, which is what receivers of webhooks and owners of "
           "calendars are not told in detail. Exits with 3 when there is no answer.",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = fetch_verb_run,
};

static void print_json(const struct fetched *f, int64_t us)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    struct json_writer w = json_write_start(&out);
    json_write_object(&w);
    json_write_key(&w, STR("status"));
    json_write_int(&w, f->status);
    json_write_key(&w, STR("size"));
    json_write_int(&w, f->size);
    json_write_key(&w, STR("us"));
    json_write_int(&w, us);
    json_write_key(&w, STR("why"));
    json_write_str(&w, str_from(f->why));
    json_write_key(&w, STR("shown"));
    json_write_str(&w, str_from(f->status ? NULL : fetch_fault_text(f->fault)));
    json_write_key(&w, STR("etag"));
    json_write_str(&w, f->etag);
    json_write_key(&w, STR("unsent"));
    json_write_bool(&w, f->unsent);
    json_write_object_end(&w);
    printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
    buf_free(&out);
}

static void print_text(const struct fetched *f, int64_t us)
{
    if (f->status) {
        printf("status %d, %lld bytes, %lld ms\n", f->status, (long long)f->size, (long long)(us / 1000));
    } else {
        printf("no answer: %s, %lld ms\n", f->why ? f->why : "busy", (long long)(us / 1000));
    }
}

static enum ctl_exit call(struct ctl *ctl, const struct options *o, struct fetch *f, long timeout)
{
    struct fetched out = { .why = "nexus-fetch makes as many calls as it may" };
    struct fetch_session s = { .arena = arena_create(ARENA_BLOCK, ARENA_CEILING),
                               .options = o,
                               .ca = ctl_value(ctl, "ca"),
                               .timeout_us = timeout * INT64_C(1000000) };
    int64_t start = clock_mono_us();
    enum err e = fetch_run(&s, f, &out);
    int64_t us = clock_mono_us() - start;
    fetch_end(&s);
    (ctl_json(ctl) ? print_json : print_text)(&out, us);
    arena_destroy(s.arena);
    return e ? CTL_TRY_AGAIN : out.status ? CTL_OK : CTL_PROBLEMS;
}

static enum ctl_exit fetch_verb_run(struct ctl *ctl)
{
    long limit, redirects, timeout;
    const struct options *o = ctl_options(ctl);
    const char *path = ctl_value(ctl, "file");
    if (!o || !ctl_number(ctl, "limit", FETCH_BODY_MAX, 1, FETCH_FILE_MAX, &limit) ||
        !ctl_number(ctl, "redirects", 0, 0, FETCH_REDIRECTS_MAX, &redirects) ||
        !ctl_number(ctl, "timeout", 10, 1, 120, &timeout)) {
        return o ? CTL_USAGE : CTL_FAILED;
    }
    struct fetch f = {
        .url = ctl_arg(ctl, 0), .accept = "*/*", .body_max = limit, .redirects = (int)redirects
    };
    if (path) {
        f.file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (f.file < 0) {
            return ctl_fail(CTL_FAILED, "%s: %s", path, strerror(errno));
        }
    }
    enum ctl_exit exit = call(ctl, o, &f, timeout);
    if (path) {
        close(f.file);
    }
    return exit;
}
