/* /v1/unsubscribe: the link in mails (RFC 8058). Opening it changes nothing, because programs open links. */
#include "notify/notify.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "oauth/oauth.h"
#include "oauth/page.h"

struct unsubscribe_in {
    struct shape_seen seen;
    struct str token;
};

static const struct shape_field fields[] = {
    { .name = "token",
      .type = SHAPE_STRING,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .offset = offsetof(struct unsubscribe_in, token),
      .min = 1,
      .max = UNSUBSCRIBE_TOKEN_MAX,
      .doc = "As it stands in the link.",
      .example = "\"AZLzpFtsfY6fASNFZ4mrzWJvb2tpbmcuY29uZmlybWVk\"" },
};
static const struct shape page_shape = { .name = "UnsubscribePage",
                                         .fields = fields,
                                         .count = SHAPE_COUNT(fields),
                                         .size = sizeof(struct unsubscribe_in),
                                         .doc = "What is to be unsubscribed from." };
static const struct shape shape = {
    .name = "Unsubscribe",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct unsubscribe_in),
    .doc = "What is to be unsubscribed from; the body is List-Unsubscribe=One-Click.",
    .open = true
};

static enum err unsubscribe_page_exec(struct request *rq);
static enum err unsubscribe_exec(struct request *rq);
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_NONE };

const struct op op_unsubscribe_page = {
    .name = "unsubscribe_page",
    .method = METHOD_GET,
    .path = "/v1/unsubscribe",
    .tag = "Notifications",
    .summary = "Ask whether to unsubscribe",
    .doc = "A page with a button. Needs no log-in: the link of a mail is good for its event and its reader "
           "alone.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &page_shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = unsubscribe_page_exec,
};

const struct op op_unsubscribe = {
    .name = "unsubscribe",
    .method = METHOD_POST,
    .path = "/v1/unsubscribe",
    .tag = "Notifications",
    .summary = "Unsubscribe",
    .doc = "No more mails about the event of the link; the notification in the application stays. What the "
           "button of the "
           "page and mail programs (RFC 8058) send.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH | OP_FORM,
    .in = &shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = unsubscribe_exec,
};

static const char ask_html[] =
    PAGE_BODY "<h1>No more of these mails?</h1>\n<p>{{doc}}</p>\n"
              "<form method=\"post\" action=\"/v1/unsubscribe?token={{token}}\">\n"
              "<input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\n"
              "<button type=\"submit\">Unsubscribe</button>\n</form>\n" PAGE_END;
static const char done_html[] =
    PAGE_BODY "<h1>You are unsubscribed</h1>\n<p>{{doc}}</p>\n"
              "<p>There are no more mails about that. In your account you can choose anew.</p>\n" PAGE_END;

static const char *doc_of(struct str event)
{
    const struct notify_event *known = notify_event_find(event);
    return known ? known->doc : "The daily mail.";
}

static enum err read_token(struct request *rq, struct uuid *user, struct str *event)
{
    const struct unsubscribe_in *in = rq->in;
    return unsubscribe_read(rq->arena, rq->secret, in->token, user, event)
               ? ERR_NONE
               : fail(rq, ERR_INVALID_REQUEST, NULL,
                      "This link is not complete. Copy all of it from the mail.");
}

static enum err unsubscribe_page_exec(struct request *rq)
{
    const struct unsubscribe_in *in = rq->in;
    struct uuid user;
    struct str event;
    enum err e = read_token(rq, &user, &event);
    if (!e) {
        const struct template_value values[] = { { "title", STR("Unsubscribe"), NULL },
                                                 { "doc", str_from(doc_of(event)), NULL },
                                                 { "token", in->token, NULL },
                                                 TEMPLATE_END };
        page_write(rq, 200, STR_NONE, ask_html, values);
    }
    return e;
}

static enum err unsubscribe_exec(struct request *rq)
{
    struct uuid *user = ARENA_NEW(rq->arena, struct uuid);
    struct str event;
    bool replayed;
    enum err e = read_token(rq, user, &event);
    if (e) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_notification_unsubscribe, db_uuid(user), db_text(event));
    e = write_run(rq, b, &replayed);
    if (!e) {
        const struct template_value values[] = { { "title", STR("Unsubscribed"), NULL },
                                                 { "doc", str_from(doc_of(event)), NULL },
                                                 TEMPLATE_END };
        page_write(rq, 200, STR_NONE, done_html, values);
    }
    return e;
}
