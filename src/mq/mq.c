/* RabbitMQ by librabbitmq. */
#include "mq/mq.h"

#include "base/clock.h"
#include "base/log.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define CHANNEL        1
#define HEARTBEAT_S    60
#define FRAME_MAX      131072
#define DELIVERY_LIMIT 20
#define DEAD_EXCHANGE  "nexus.dead"
#define URL_MAX        1024

struct mq {
    const struct options *options;
    amqp_connection_state_t conn; /* NULL: none */
    uint64_t published;           /* on this connection: the number of the last message */
    char error[256];
};

static const char *const names[MQ_QUEUES] = { "nexus.jobs.urgent", "nexus.jobs.normal", "nexus.jobs.bulk",
                                              "nexus.jobs.dead" };

const char *mq_queue_name(enum mq_queue q)
{
    return names[q];
}

struct mq *mq_create(const struct options *o)
{
    struct mq *mq = calloc(1, sizeof(*mq));
    if (!mq) {
        abort();
    }
    mq->options = o;
    return mq;
}

void mq_close(struct mq *mq)
{
    if (mq->conn) {
        amqp_destroy_connection(mq->conn); /* without a farewell: it may hang */
        mq->conn = NULL;
    }
}

void mq_free(struct mq *mq)
{
    if (mq) {
        mq_close(mq);
        free(mq);
    }
}

bool mq_is_open(const struct mq *mq)
{
    return mq->conn != NULL;
}

const char *mq_error(const struct mq *mq)
{
    return mq->error;
}

static struct timeval interval(int64_t us)
{
    us = us > 0 ? us : 0;
    return (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
}

/* Records why and closes. */
static bool failed(struct mq *mq, const char *what, const char *why)
{
    snprintf(mq->error, sizeof(mq->error), "%s: %s", what, why);
    for (char *c = mq->error; *c; c++) {
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    mq_close(mq);
    return false;
}

static const char *reply_text(amqp_rpc_reply_t r, char out[128])
{
    if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        return amqp_error_string2(r.library_error);
    }
    amqp_bytes_t text = amqp_cstring_bytes("closed");
    if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && r.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        text = ((amqp_connection_close_t *)r.reply.decoded)->reply_text;
    } else if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && r.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        text = ((amqp_channel_close_t *)r.reply.decoded)->reply_text;
    }
    snprintf(out, 128, "%.*s", (int)(text.len < 120 ? text.len : 120), (const char *)text.bytes);
    return out;
}

static bool fine(struct mq *mq, const char *what, amqp_rpc_reply_t r)
{
    char text[128];
    return r.reply_type == AMQP_RESPONSE_NORMAL || failed(mq, what, reply_text(r, text));
}

/* ---- connecting ---- */

const char *mq_wrong(const struct options *o)
{
    static char text[URL_MAX];
    struct amqp_connection_info info;
    if (!o->broker[0]) {
        return NULL;
    }
    snprintf(text, sizeof(text), "%s", o->broker);
    if (amqp_parse_url(text, &info) != AMQP_STATUS_OK) {
        return "broker is amqp://USER@HOST:PORT/VHOST or amqps://...";
    }
    return o->broker_password_file[0] || strcmp(info.password, "guest") == 0
               ? NULL
               : "broker: the password belongs into broker_password_file";
}

static amqp_socket_t *socket_of(struct mq *mq, const struct amqp_connection_info *info)
{
    if (!info->ssl) {
        return amqp_tcp_socket_new(mq->conn);
    }
    amqp_socket_t *s = amqp_ssl_socket_new(mq->conn);
    if (s) {
        const char *ca =
            mq->options->broker_ca[0] ? mq->options->broker_ca : "/etc/ssl/certs/ca-certificates.crt";
        amqp_ssl_socket_set_verify_peer(s, 1);
        amqp_ssl_socket_set_verify_hostname(s, 1);
        if (amqp_ssl_socket_set_cacert(s, ca) != AMQP_STATUS_OK) {
            return NULL;
        }
    }
    return s;
}

static bool log_in(struct mq *mq, const struct amqp_connection_info *info)
{
    char error[240];
    size_t n = 0;
    char *password = mq->options->broker_password_file[0]
                         ? options_secret(mq->options->broker_password_file, &n, error, sizeof(error))
                         : strdup(info->password);
    if (!password) {
        return failed(mq, "password", error);
    }
    /* Who consumes a queue that is deleted wants to know. */
    amqp_table_entry_t cancel = { amqp_cstring_bytes("consumer_cancel_notify"),
                                  { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } };
    amqp_table_entry_t capabilities = { amqp_cstring_bytes("capabilities"),
                                        { .kind = AMQP_FIELD_KIND_TABLE, .value.table = { 1, &cancel } } };
    const amqp_table_t properties = { 1, &capabilities };
    amqp_rpc_reply_t r =
        amqp_login_with_properties(mq->conn, info->vhost, CHANNEL, FRAME_MAX, HEARTBEAT_S, &properties,
                                   AMQP_SASL_METHOD_PLAIN, info->user, password);
    explicit_bzero(password, strlen(password));
    free(password);
    return fine(mq, "log in", r);
}

static bool declare_queue(struct mq *mq, enum mq_queue q)
{
    amqp_table_entry_t entries[] = {
        { amqp_cstring_bytes("x-queue-type"),
          { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("quorum") } },
        { amqp_cstring_bytes("x-delivery-limit"),
          { .kind = AMQP_FIELD_KIND_I32, .value.i32 = DELIVERY_LIMIT } },
        { amqp_cstring_bytes("x-dead-letter-exchange"),
          { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(DEAD_EXCHANGE) } },
        { amqp_cstring_bytes("x-dead-letter-strategy"),
          { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("at-least-once") } },
        { amqp_cstring_bytes("x-overflow"),
          { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("reject-publish") } },
    };
    /* What is dead is dead: it has no place to go on to. */
    amqp_table_t arguments = { .num_entries = q == MQ_DEAD ? 1 : 5, .entries = entries };
    amqp_queue_declare(mq->conn, CHANNEL, amqp_cstring_bytes(names[q]), 0, 1, 0, 0, arguments);
    return fine(mq, "declare a queue", amqp_get_rpc_reply(mq->conn));
}

static bool declare_all(struct mq *mq)
{
    amqp_exchange_declare(mq->conn, CHANNEL, amqp_cstring_bytes(DEAD_EXCHANGE), amqp_cstring_bytes("fanout"),
                          0, 1, 0, 0, amqp_empty_table);
    bool ok = fine(mq, "declare an exchange", amqp_get_rpc_reply(mq->conn));
    for (int q = 0; ok && q < MQ_QUEUES; q++) {
        ok = declare_queue(mq, (enum mq_queue)q);
    }
    if (ok) {
        amqp_queue_bind(mq->conn, CHANNEL, amqp_cstring_bytes(names[MQ_DEAD]),
                        amqp_cstring_bytes(DEAD_EXCHANGE), amqp_empty_bytes, amqp_empty_table);
        ok = fine(mq, "bind a queue", amqp_get_rpc_reply(mq->conn));
    }
    return ok;
}

static bool connect_to(struct mq *mq, const struct amqp_connection_info *info)
{
    struct timeval most = interval(mq->options->broker_timeout);
    mq->conn = amqp_new_connection();
    mq->published = 0;
    amqp_socket_t *s = mq->conn ? socket_of(mq, info) : NULL;
    if (!s) {
        return failed(mq, "connect", "no socket, or broker_ca cannot be read");
    }
    amqp_set_handshake_timeout(mq->conn, &most);
    amqp_set_rpc_timeout(mq->conn, &most);
    int status = amqp_socket_open_noblock(s, info->host, info->port, &most);
    if (status != AMQP_STATUS_OK) {
        return failed(mq, "connect", amqp_error_string2(status));
    }
    if (!log_in(mq, info)) {
        return false;
    }
    amqp_channel_open(mq->conn, CHANNEL);
    return fine(mq, "open a channel", amqp_get_rpc_reply(mq->conn)) && declare_all(mq);
}

bool mq_open(struct mq *mq)
{
    char url[URL_MAX];
    struct amqp_connection_info info;
    if (mq->conn) {
        return true;
    }
    snprintf(url, sizeof(url), "%s", mq->options->broker);
    if (amqp_parse_url(url, &info) != AMQP_STATUS_OK) {
        return failed(mq, "broker", "no URL");
    }
    if (!connect_to(mq, &info)) {
        return false;
    }
    amqp_confirm_select(mq->conn, CHANNEL);
    return fine(mq, "ask for confirms", amqp_get_rpc_reply(mq->conn));
}

/* ---- publishing ---- */

static bool send_one(struct mq *mq, const struct mq_out *m)
{
    amqp_basic_properties_t p = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                  AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = 2,
        .message_id = amqp_cstring_bytes(m->id),
        .type = amqp_cstring_bytes(m->type),
        .app_id = amqp_cstring_bytes("nexus"),
    };
    amqp_bytes_t body = { .len = m->body.n, .bytes = (void *)m->body.p };
    int status = amqp_basic_publish(mq->conn, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(names[m->queue]),
                                    1, 0, &p, body);
    return status == AMQP_STATUS_OK || failed(mq, "publish", amqp_error_string2(status));
}

struct waiting {
    const struct mq_out *out;
    enum mq_fate *fates;
    size_t n, answered;
    uint64_t first; /* number of out[0] */
};

static void settle(struct waiting *w, uint64_t tag, bool multiple, enum mq_fate fate)
{
    for (size_t i = 0; i < w->n; i++) {
        uint64_t number = w->first + i;
        bool meant = multiple ? number <= tag : number == tag;
        if (meant && (w->fates[i] == MQ_UNKNOWN || w->fates[i] == MQ_UNROUTABLE)) {
            /* What came back is confirmed too, since it is nowhere to be kept. */
            w->fates[i] = w->fates[i] == MQ_UNKNOWN ? fate : MQ_UNROUTABLE;
        }
    }
    uint64_t upto = 0;
    for (size_t i = 0; i < w->n; i++) {
        upto += w->fates[i] == MQ_CONFIRMED || w->fates[i] == MQ_REFUSED || w->fates[i] == MQ_UNROUTABLE;
    }
    w->answered = upto;
}

/* basic.return, with the message behind it. */
static bool take_return(struct mq *mq, struct waiting *w)
{
    amqp_message_t m;
    if (!fine(mq, "take a message back", amqp_read_message(mq->conn, CHANNEL, &m, 0))) {
        return false;
    }
    for (size_t i = 0; i < w->n; i++) {
        struct str id = { m.properties.message_id.bytes, m.properties.message_id.len };
        if (str_eqz(id, w->out[i].id)) {
            w->fates[i] = MQ_UNROUTABLE;
        }
    }
    amqp_destroy_message(&m);
    return true;
}

static bool take_frame(struct mq *mq, const amqp_frame_t *f, struct waiting *w)
{
    if (f->frame_type != AMQP_FRAME_METHOD) {
        return true;
    }
    if (f->payload.method.id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *a = f->payload.method.decoded;
        settle(w, a->delivery_tag, a->multiple, MQ_CONFIRMED);
    } else if (f->payload.method.id == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *a = f->payload.method.decoded;
        settle(w, a->delivery_tag, a->multiple, MQ_REFUSED);
    } else if (f->payload.method.id == AMQP_BASIC_RETURN_METHOD) {
        return take_return(mq, w);
    } else if (f->payload.method.id == AMQP_CHANNEL_CLOSE_METHOD ||
               f->payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) {
        return failed(mq, "publish", "the broker has closed");
    }
    return true;
}

bool mq_publish(struct mq *mq, const struct mq_out *out, size_t n, enum mq_fate *fates)
{
    struct waiting w = { .out = out, .fates = fates, .n = n, .first = mq->published + 1 };
    for (size_t i = 0; i < n; i++) {
        fates[i] = MQ_UNKNOWN;
    }
    for (size_t i = 0; i < n; i++) {
        if (!send_one(mq, &out[i])) {
            return false;
        }
        mq->published++;
    }
    int64_t deadline = clock_mono_us() + mq->options->broker_timeout;
    while (w.answered < n) {
        amqp_frame_t frame;
        struct timeval left = interval(deadline - clock_mono_us());
        amqp_maybe_release_buffers(mq->conn);
        int status = amqp_simple_wait_frame_noblock(mq->conn, &frame, &left);
        if (status != AMQP_STATUS_OK) {
            return failed(mq, "confirm", amqp_error_string2(status));
        }
        if (!take_frame(mq, &frame, &w)) {
            return false;
        }
    }
    return true;
}

int64_t mq_depth(struct mq *mq)
{
    int64_t sum = 0;
    for (int q = 0; q < MQ_DEAD; q++) {
        amqp_queue_declare_ok_t *ok =
            amqp_queue_declare(mq->conn, CHANNEL, amqp_cstring_bytes(names[q]), 1, 0, 0, 0, amqp_empty_table);
        if (!ok) {
            (void)fine(mq, "look at a queue", amqp_get_rpc_reply(mq->conn));
            mq_close(mq);
            return -1;
        }
        sum += ok->message_count;
    }
    return sum;
}

/* ---- consuming ---- */

bool mq_consume(struct mq *mq, bool bulk, unsigned prefetch)
{
    for (int q = 0; q < (bulk ? MQ_DEAD : MQ_BULK); q++) {
        amqp_basic_qos(mq->conn, CHANNEL, 0, (uint16_t)prefetch, 0);
        if (!fine(mq, "prefetch", amqp_get_rpc_reply(mq->conn))) {
            return false;
        }
        amqp_basic_consume(mq->conn, CHANNEL, amqp_cstring_bytes(names[q]), amqp_empty_bytes, 0, 0, 0,
                           amqp_empty_table);
        if (!fine(mq, "consume", amqp_get_rpc_reply(mq->conn))) {
            return false;
        }
    }
    return true;
}

static void read_id(struct mq_in *in, const amqp_message_t *m)
{
    in->id[0] = '\0';
    if (m->properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) {
        size_t n = m->properties.message_id.len < sizeof(in->id) - 1 ? m->properties.message_id.len
                                                                     : sizeof(in->id) - 1;
        memcpy(in->id, m->properties.message_id.bytes, n);
        in->id[n] = '\0';
    }
}

bool mq_next(struct mq *mq, int64_t wait_us, struct mq_in *in)
{
    amqp_envelope_t e;
    struct timeval most = interval(wait_us);
    amqp_maybe_release_buffers(mq->conn);
    amqp_rpc_reply_t r = amqp_consume_message(mq->conn, &e, &most, 0);
    if (r.reply_type == AMQP_RESPONSE_NORMAL) {
        in->tag = e.delivery_tag;
        read_id(in, &e.message);
        amqp_destroy_envelope(&e);
        return true;
    }
    if (r.reply_type != AMQP_RESPONSE_LIBRARY_EXCEPTION || r.library_error != AMQP_STATUS_TIMEOUT) {
        /* An unexpected frame: a queue that was deleted cancels its consumer. */
        (void)fine(mq, "consume", r);
        mq_close(mq);
    }
    return false;
}

bool mq_ack(struct mq *mq, uint64_t tag)
{
    int status = amqp_basic_ack(mq->conn, CHANNEL, tag, 0);
    return status == AMQP_STATUS_OK || failed(mq, "acknowledge", amqp_error_string2(status));
}

bool mq_take_dead(struct mq *mq, struct mq_in *in)
{
    amqp_message_t m;
    amqp_rpc_reply_t r = amqp_basic_get(mq->conn, CHANNEL, amqp_cstring_bytes(names[MQ_DEAD]), 0);
    if (!fine(mq, "get", r) || r.reply.id != AMQP_BASIC_GET_OK_METHOD) {
        return false;
    }
    in->tag = ((amqp_basic_get_ok_t *)r.reply.decoded)->delivery_tag;
    if (!fine(mq, "get", amqp_read_message(mq->conn, CHANNEL, &m, 0))) {
        return false;
    }
    read_id(in, &m);
    amqp_destroy_message(&m);
    return mq_ack(mq, in->tag);
}
