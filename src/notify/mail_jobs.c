/* Handing mails to the server, and what waits for one. */
#include "base/log.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"
#include "mail/mail.h"
#include "mail/smtp.h"
#include "notify/notify.h"

#define SECOND_US   INT64_C(1000000)
#define GRACE_US    (5 * SECOND_US) /* on top of smtp_timeout, before somebody else may take a mail */
#define MESSAGE_MAX (1024 * 1024)
#define PIECE       500

struct mail_in {
    struct shape_seen seen;
    int64_t mail;
};

static const struct shape_field fields[] = {
    { .name = "mail",
      .type = SHAPE_INT,
      .offset = offsetof(struct mail_in, mail),
      .min = 1,
      .max = INT64_MAX,
      .flags = SHAPE_REQUIRED,
      .doc = "Number of the row in the outbox." },
};
static const struct shape shape = { .name = "MailSendJob",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct mail_in),
                                    .doc = "Which mail." };

struct claimed {
    struct str state, to, language;
    struct mail_wanted wanted;
    int64_t made_us;
};

/* A transaction of its own: what is taken is taken, whatever becomes of it. */
static enum err claim(struct request *rq, int64_t mail, struct claimed *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_mail_claim, db_int8(rq->arena, mail),
                       db_int8(rq->arena, rq->options->smtp_timeout + GRACE_US));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    *out = (struct claimed){ .state = db_get_text(r, 0, 0) };
    if (!str_eqz(out->state, "go")) {
        return ERR_NONE;
    }
    out->to = db_get_text(r, 0, 1);
    out->wanted = (struct mail_wanted){ .topic = db_get_text(r, 0, 2),
                                        .payload = db_get_text(r, 0, 3),
                                        .language = db_get_text(r, 0, 4) };
    out->made_us = db_get_timestamptz(r, 0, 7);
    if (!db_is_null(r, 0, 5) && !db_is_null(r, 0, 6)) {
        struct uuid user = db_get_uuid(r, 0, 5);
        out->wanted.unsubscribe =
            unsubscribe_link(rq->arena, rq->options, rq->secret, &user, db_get_text(r, 0, 6));
    }
    return ERR_NONE;
}

/* In the transaction that ends the job's row. */
static enum err finish(struct request *rq, int64_t mail, const char *given_up)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    if (given_up) {
        (void)DB_ADD(b, &q_mail_given_up, db_int8(rq->arena, mail), db_text(str_from(given_up)));
    } else {
        (void)DB_ADD(b, &q_mail_sent, db_int8(rq->arena, mail));
    }
    return write_run(rq, b, &replayed);
}

/* Written at once, because the failure of the job takes its transaction back. */
static enum err put_off(struct request *rq, int64_t mail, const char *why, bool trouble)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    (void)DB_ADD(b, &q_mail_put_off, db_int8(rq->arena, mail), db_text(str_from(why)),
                 db_bool(rq->arena, trouble));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    return fail(rq, ERR_UNAVAILABLE, NULL, "%s", why);
}

/* What stands in the row is at fault, or a template is: an operator mends those, so it is tried again. */
static bool compose(struct request *rq, const struct claimed *c, int64_t mail, struct buf *out,
                    char bounce[MAIL_ADDRESS_MAX], char why[MAIL_WHY_SIZE])
{
    struct mail_text text;
    struct mail_address from;
    if (!mail_render(rq->arena, rq->options, &c->wanted, &text, why)) {
        return false;
    }
    if (!mail_from(rq->options, &from) || !mail_bounce(rq->options, mail, bounce)) {
        snprintf(why, MAIL_WHY_SIZE, "option mail_from or mail_bounce is no address");
        return false;
    }
    struct mail_message m = { .from = &from,
                              .to = arena_strdup(rq->arena, c->to),
                              .text = &text,
                              .unsubscribe = c->wanted.unsubscribe,
                              .number = mail,
                              .made_us = c->made_us };
    mail_write(out, &m);
    return true;
}

static enum err deliver(struct request *rq, const struct claimed *c, int64_t mail)
{
    char bounce[MAIL_ADDRESS_MAX], why[MAIL_WHY_SIZE];
    struct smtp_answer answer;
    struct mail_address to;
    struct buf message;
    const char *address = arena_strdup(rq->arena, c->to);
    if (!mail_address_parse(address, &to) || to.name[0]) {
        return finish(rq, mail, "no address a mail can go to");
    }
    buf_init(&message, MESSAGE_MAX);
    bool made = compose(rq, c, mail, &message, bounce, why);
    if (made) {
        smtp_send(rq->options, bounce, to.address, buf_str(&message), &answer);
    }
    buf_free(&message);
    if (!made) {
        return put_off(rq, mail, why, false);
    }
    switch (answer.outcome) {
    case SMTP_SENT:
        return finish(rq, mail, NULL);
    case SMTP_REFUSED:
        LOG(LOG_INFO, "mail refused", LOG_NUM("mail", mail), LOG_NUM("code", answer.code));
        return finish(rq, mail, answer.why);
    default:
        return put_off(rq, mail, answer.why, answer.outcome == SMTP_TROUBLE);
    }
}

static enum err mail_send(struct request *rq, struct job_run *run)
{
    const struct mail_in *in = run->in;
    struct claimed c;
    if (!in || !rq->options->smtp_url[0]) { /* it waits in the outbox until there is a server */
        return ERR_NONE;
    }
    enum err e = claim(rq, in->mail, &c);
    if (e) {
        return e;
    }
    if (str_eqz(c.state, "down")) {
        return fail(rq, ERR_UNAVAILABLE, NULL, "The mail server is left alone for a while.");
    }
    if (str_eqz(c.state, "taken")) { /* whoever has it may have been killed; then it is ours */
        run->pause_us = rq->options->smtp_timeout + GRACE_US;
        return fail(rq, ERR_UNAVAILABLE, NULL, "Somebody else has this mail.");
    }
    if (str_eqz(c.state, "late")) {
        return finish(rq, in->mail, "the link in it is no longer good");
    }
    return str_eqz(c.state, "go") ? deliver(rq, &c, in->mail) : ERR_NONE;
}

const struct job job_mail_send = {
    .name = "mail-send",
    .doc = "Hands a mail of the outbox to the server of option smtp_url; without one it waits there.",
    .payload = &shape,
    .retry = { .attempts = 60, .first_us = 10 * SECOND_US, .longest_us = 3600 * SECOND_US },
    .timeout_us = 660 * SECOND_US, /* above the longest smtp_timeout there can be */
    .unique = true,
    .calls = true,
    .exec = mail_send,
};

static enum err mail_waiting(struct request *rq, struct job_run *run)
{
    bool replayed;
    if (!rq->options->smtp_url[0]) {
        return ERR_NONE;
    }
    struct db_batch *b = write_batch(rq);
    int found = DB_ADD(b, &q_mails_waiting, db_int8(rq->arena, PIECE));
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, found), 0, 0);
    return e;
}

const struct job job_mail_waiting = {
    .name = "mail-waiting",
    .doc = "Has mails of the last three days sent that were written while there was no smtp_url.",
    .unique = true,
    .exec = mail_waiting,
};
