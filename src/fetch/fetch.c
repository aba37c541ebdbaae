/* Calls to others: by nexus-fetch, or from here. */
#include "fetch/fetch.h"

#include "base/clock.h"
#include "fetch/call.h"
#include "fetch/wire.h"
#include "http/uri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GRACE_US 2000000 /* that nexus-fetch has beyond the call's time to say that it is over */

const char *fetch_fault_text(enum fetch_fault fault)
{
    static const char *const texts[] = { [FETCH_FINE] = "",
                                         [FETCH_UNREACHABLE] = "The server cannot be reached.",
                                         [FETCH_TIMEOUT] = "The server did not answer in time.",
                                         [FETCH_TOO_LARGE] = "The answer is too large.",
                                         [FETCH_BROKEN] = "The server's answer cannot be understood." };
    return (size_t)fault < sizeof(texts) / sizeof(texts[0]) ? texts[fault] : texts[FETCH_BROKEN];
}

unsigned fetch_turns(const struct options *o, int64_t wanted)
{
    unsigned turns = wanted > 0 ? (unsigned)wanted : options_workers(o) / 4;
    return turns > SLOTS_MAX ? SLOTS_MAX : turns > 0 ? turns : 1;
}

void fetch_form_add(struct buf *out, const char *name, struct str value)
{
    if (out->n > 0) {
        buf_addc(out, '&');
    }
    buf_printf(out, "%s=", name);
    uri_encode(out, value);
}

/* ---- by nexus-fetch ---- */

static void set_time(int fd, int option, int64_t us)
{
    struct timeval t = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
    (void)setsockopt(fd, SOL_SOCKET, option, &t, sizeof(t));
}

static int open_fetcher(const char *path, int64_t left_us)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(a.sun_path)) {
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        set_time(fd, SO_SNDTIMEO, left_us);
        set_time(fd, SO_RCVTIMEO, left_us + GRACE_US);
        if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
            close(fd);
            fd = -1;
        }
    }
    return fd;
}

static void fail_here(struct fetched *out, bool unsent, const char *why)
{
    *out = (struct fetched){ .fault = FETCH_UNREACHABLE, .unsent = unsent, .why = why };
}

static enum err ask_fetcher(struct fetch_session *s, const struct fetch *f, int64_t left_us,
                            struct fetched *out)
{
    struct wire_call call = { .ask = *f, .issuer = s->issuer, .ca = s->ca, .timeout_us = left_us };
    struct str said;
    struct buf message;
    bool busy = false;
    int fd = open_fetcher(s->options->fetch_socket, left_us), came = 0;
    buf_init(&message, WIRE_MAX);
    if (fd < 0) {
        fail_here(out, true, "nexus-fetch cannot be reached");
    } else if (!wire_put_call(&message, &call)) {
        fail_here(out, true, "the call is too large");
    } else {
        /* Who is too busy says so, and hangs up, without having read. */
        (void)wire_send(fd, &message, f->file);
        if (!wire_receive(fd, s->arena, &said, &came) || !wire_get_answer(said, out, &busy)) {
            fail_here(out, false, "nexus-fetch gave no answer");
        }
    }
    if (came > 0) {
        close(came);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (message.p) {
        explicit_bzero(message.p, message.n);
    }
    buf_free(&message);
    return busy ? ERR_BUSY : ERR_NONE;
}

/* ---- either way ---- */

static bool take_turn(struct fetch_session *s)
{
    if (s->taken || !s->stats.board || !s->stats.slot) {
        return true;
    }
    s->taken =
        slots_take(scoreboard_calling(s->stats.board), scoreboard_owner(s->stats.slot), s->turns, 0, 0);
    if (!s->taken) {
        scoreboard_count(s->stats.slot, WORKER_REJECTED);
    }
    return s->taken;
}

static bool may_call(const struct fetch_session *s, struct str url)
{
    return fetch_may_call(s->issuer, url) || (s->options && fetch_user_may_name(s->options, url));
}

enum err fetch_run(struct fetch_session *s, const struct fetch *f, struct fetched *out)
{
    int64_t now = clock_mono_us();
    bool may = may_call(s, str_from(f->url));
    s->deadline_us = s->deadline_us ? s->deadline_us : now + s->timeout_us;
    if (!may || now >= s->deadline_us) {
        fail_here(out, false, may ? "no time is left" : "this URL may not be called");
        return ERR_NONE;
    }
    if (!take_turn(s)) {
        return ERR_BUSY;
    }
    if (s->options && s->options->fetch_socket[0]) {
        return ask_fetcher(s, f, s->deadline_us - now, out);
    }
    struct call_way way = { .arena = s->arena,
                            .issuer = s->issuer,
                            .ca = s->ca,
                            .deadline_us = s->deadline_us,
                            .inside = s->options ? s->options->fetch_inside : NULL,
                            .own_inside = true };
    call_run(&way, f, out);
    return ERR_NONE;
}

void fetch_end(struct fetch_session *s)
{
    if (s->taken) {
        slots_free(scoreboard_calling(s->stats.board), scoreboard_owner(s->stats.slot));
        s->taken = false;
    }
}
