/* Names: the request's own id and the trace it is part of. */
#include "http/gates.h"

static enum err run(struct request *rq);

const struct gate gate_trace = { .name = "trace", .run = run, .stage = STAGE_GATES, .always = true };

#define TRACE_ID_TEXT    32
#define SPAN_ID_TEXT     16
#define TRACEPARENT_TEXT 55 /* 00-<32>-<16>-<2> */

static bool is_lower_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) {
            return false;
        }
    }
    return true;
}

static bool is_zero(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '0') {
            return false;
        }
    }
    return true;
}

static struct str part(struct str s, size_t from, size_t n)
{
    return (struct str){ s.p + from, n };
}

bool trace_id_valid(struct str text)
{
    struct uuid ignored;
    return (text.n == TRACE_ID_TEXT && is_lower_hex(text)) || uuid_parse(text, &ignored);
}

static uint8_t hex_value(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

bool trace_id_read(struct str text, struct uuid *out)
{
    if (text.n != TRACE_ID_TEXT || !is_lower_hex(text)) {
        return uuid_parse(text, out);
    }
    for (size_t i = 0; i < sizeof(out->b); i++) {
        out->b[i] = (uint8_t)(hex_value(text.p[2 * i]) << 4 | hex_value(text.p[2 * i + 1]));
    }
    return true;
}

static bool is_traceparent(struct str t)
{
    if (t.n < TRACEPARENT_TEXT || t.p[2] != '-' || t.p[35] != '-' || t.p[52] != '-') {
        return false;
    }
    struct str version = part(t, 0, 2);
    bool known = str_eqz(version, "00");
    if (!is_lower_hex(version) || str_eqz(version, "ff") || (known && t.n != TRACEPARENT_TEXT) ||
        (!known && t.n > TRACEPARENT_TEXT && t.p[TRACEPARENT_TEXT] != '-')) {
        return false;
    }
    struct str trace = part(t, 3, TRACE_ID_TEXT);
    struct str span = part(t, 36, SPAN_ID_TEXT);
    return is_lower_hex(trace) && !is_zero(trace) && is_lower_hex(span) && !is_zero(span) &&
           is_lower_hex(part(t, 53, 2));
}

bool trace_parse(struct request *rq, struct str text)
{
    if (!text.p || !is_traceparent(text)) {
        return false;
    }
    memcpy(rq->trace_id, text.p + 3, TRACE_ID_TEXT);
    rq->sampled = strchr("13579bdf", text.p[54]) != NULL;
    return true;
}

static void to_hex(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

static bool take_id(struct request *rq, struct str id)
{
    if (!id.p || !trace_id_valid(id)) {
        return false;
    }
    memcpy(rq->id, id.p, id.n); /* UUID_TEXT_SIZE holds both forms; the arena has zeroed the rest */
    return true;
}

/* A new trace is called like the request, so that one name finds both. */
static void new_trace(struct request *rq, const struct uuid *fresh)
{
    struct uuid id;
    if (!uuid_parse(str_from(rq->id), &id)) {
        memcpy(rq->trace_id, rq->id, TRACE_ID_TEXT);
    } else {
        to_hex(rq->trace_id, id.b, sizeof id.b);
    }
    if (is_zero(str_from(rq->trace_id))) {
        to_hex(rq->trace_id, fresh->b, sizeof fresh->b);
    }
}

static enum err run(struct request *rq)
{
    struct uuid fresh = uuid_v7();
    if (!take_id(rq, rq->headers[HEADER_EDGE_ID]) && !take_id(rq, rq->headers[HEADER_REQUEST_ID])) {
        uuid_format(rq->id, &fresh);
    }
    bool repeated = rq->repeated == HEADER_TRACEPARENT;
    if (repeated || !trace_parse(rq, rq->headers[HEADER_TRACEPARENT])) {
        new_trace(rq, &fresh);
    }
    to_hex(rq->span_id, fresh.b + 8, 8); /* variant bits make it non-zero */
    response_header(rq, "X-Request-Id", rq->id);
    response_header(
        rq, "traceparent",
        arena_printf(rq->arena, "00-%s-%s-%02x", rq->trace_id, rq->span_id, rq->sampled ? 1u : 0u));
    return ERR_NONE;
}
