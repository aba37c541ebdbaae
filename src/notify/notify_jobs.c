/* From an event to what people find: notifications, mails, a digest; and reminders, which are events of time.
 */
#include "base/log.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"
#include "mail/mail.h"
#include "notify/notify.h"

#define SECOND_US INT64_C(1000000)
#define PIECE     100

struct notify_in {
    struct shape_seen seen;
    struct str event;
    struct uuid subject;
};

static const struct shape_field fields[] = {
    { .name = "event",
      .type = SHAPE_STRING,
      .offset = offsetof(struct notify_in, event),
      .min = 1,
      .max = UNSUBSCRIBE_EVENT_MAX,
      .flags = SHAPE_REQUIRED,
      .doc = "One of src/notify/events.def." },
    { .name = "subject",
      .type = SHAPE_UUID,
      .offset = offsetof(struct notify_in, subject),
      .flags = SHAPE_REQUIRED,
      .doc = "The booking, payment, refund, payout, change or review it is about." },
};
static const struct shape shape = { .name = "NotifyJob",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct notify_in),
                                    .doc = "What has happened." };

enum { P_USER, P_ROLE, P_EMAIL, P_LANGUAGE, P_PAYLOAD, P_MAIL, P_APP, P_BOOKING };

struct wish {
    bool app, mail, digest;
};

/* What the table says, where the user has not said otherwise. */
static struct wish wish_of(const struct notify_event *event, bool guest, const PGresult *r, int row)
{
    enum notify_way way = guest ? event->guest : event->host;
    struct wish w = { way != NOTIFY_NONE, way == NOTIFY_MAIL, false };
    if (!db_is_null(r, row, P_APP)) {
        w.app = db_get_bool(r, row, P_APP);
    }
    if (!db_is_null(r, row, P_MAIL)) {
        w.mail = str_eqz(db_get_text(r, row, P_MAIL), "now");
        w.digest = str_eqz(db_get_text(r, row, P_MAIL), "daily");
    }
    w.mail = w.mail && !db_is_null(r, row, P_EMAIL);
    return w;
}

static enum err tell(struct request *rq, struct db_batch *b, const struct notify_event *event,
                     const PGresult *r, int row)
{
    bool guest = str_eqz(db_get_text(r, row, P_ROLE), "guest");
    struct wish w = wish_of(event, guest, r, row);
    if (!w.app && !w.mail && !w.digest) {
        return ERR_NONE;
    }
    struct uuid *user = ARENA_NEW(rq->arena, struct uuid), *booking = NULL;
    *user = db_get_uuid(r, row, P_USER);
    if (!db_is_null(r, row, P_BOOKING)) {
        booking = ARENA_NEW(rq->arena, struct uuid);
        *booking = db_get_uuid(r, row, P_BOOKING);
    }
    struct str name = str_from(event->name), payload = db_get_text(r, row, P_PAYLOAD), title;
    char *why = arena_alloc(rq->arena, MAIL_WHY_SIZE);
    struct mail_wanted wanted = { .topic = str_from(arena_printf(rq->arena, "%s.%s", event->name,
                                                                 guest ? "guest" : "host")),
                                  .language = db_get_text(r, row, P_LANGUAGE),
                                  .payload = payload };
    if (!mail_render_subject(rq->arena, rq->options, &wanted, &title, why)) {
        return fail(rq, ERR_INTERNAL, NULL, "%s", why);
    }
    if (w.app || w.digest) {
        (void)DB_ADD(b, &q_notification_add, db_uuid(user), db_text(name), db_text(title), db_text(payload),
                     db_uuid(booking), db_bool(rq->arena, w.app), db_bool(rq->arena, w.digest));
    }
    if (w.mail) {
        (void)DB_ADD(b, &q_notification_mail, db_text(wanted.topic), db_text(db_get_text(r, row, P_EMAIL)),
                     db_text(payload), db_uuid(user), db_text(name));
    }
    return ERR_NONE;
}

/* Roles that are told of it unless they have said otherwise, or could be because they have. */
static struct db_param roles_of(struct request *rq, const struct notify_event *event)
{
    struct str roles[2];
    size_t n = 0;
    if (event->guest != NOTIFY_NONE) {
        roles[n++] = STR("guest");
    }
    if (event->host != NOTIFY_NONE) {
        roles[n++] = STR("host");
    }
    return db_text_array(rq->arena, roles, n);
}

static enum err notify(struct request *rq, struct job_run *run)
{
    const struct notify_in *in = run->in;
    const struct notify_event *event = in ? notify_event_find(in->event) : NULL;
    bool replayed;
    if (!event) {
        return fail(rq, ERR_INTERNAL, NULL, "There is no such event.");
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int people = DB_ADD(b, &q_notification_people, db_text(in->event), db_uuid(&in->subject),
                        roles_of(rq, event), db_text(mail_link(rq->arena, rq->options, "")));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    const PGresult *r = db_result(b, people);
    struct db_batch *out = write_batch(rq);
    for (int row = 0; row < PQntuples(r); row++) {
        e = tell(rq, out, event, r, row);
        if (e) {
            return e;
        }
    }
    return write_run(rq, out, &replayed);
}

const struct job job_notify = {
    .name = "notify",
    .doc = "Tells those an event concerns, each as they want it: in the application, by mail, once a day.",
    .payload = &shape,
    .exec = notify,
};

static enum err sweep(struct request *rq, struct job_run *run, const struct db_statement *statement,
                      bool linked)
{
    bool replayed;
    struct db_param params[2] = { db_int8(rq->arena, PIECE) };
    if (linked) {
        params[1] = db_text(mail_link(rq->arena, rq->options, ""));
    }
    struct db_batch *b = write_batch(rq);
    int swept = db_add(b, statement, params, linked ? 2 : 1);
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, swept), 0, 0);
    return e;
}

static enum err reminders(struct request *rq, struct job_run *run)
{
    return sweep(rq, run, &q_reminders_add, false);
}

const struct job job_reminders = {
    .name = "reminders",
    .doc = "Reminds of arrivals, departures, balances, reviews, and at eight in the morning of what waits.",
    .unique = true,
    .exec = reminders,
};

static enum err digests(struct request *rq, struct job_run *run)
{
    return sweep(rq, run, &q_digests_add, true);
}

const struct job job_notification_digest = {
    .name = "notification-digest",
    .doc = "Writes the daily mail to those who want one, at eight in their morning.",
    .unique = true,
    .exec = digests,
};

static enum err prune(struct request *rq, struct job_run *run)
{
    return sweep(rq, run, &q_notifications_prune, false);
}

const struct job job_notification_prune = {
    .name = "notification-prune",
    .doc = "Forgets notifications after a year, and mails that were sent or given up after 90 days.",
    .queue = JOBS_BULK,
    .unique = true,
    .exec = prune,
};
