/* Outgoing calls. */
#include "fetch/fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "http/uri.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct call {
    struct buf body;
    size_t head;
    int64_t retry_after_us;
    bool retry, no_retry;
    bool too_large;
    bool anywhere; /* the address need not be public */
    bool refused;  /* the address was not */
};

/* ---- addresses ---- */

struct range {
    unsigned char prefix[16];
    unsigned bits;
};

/* IANA's special-purpose registries: what is not globally reachable, and multicast. */
static const struct range ranges4[] = {
    { { 0 }, 8 },
    { { 10 }, 8 },
    { { 100, 64 }, 10 },
    { { 127 }, 8 },
    { { 169, 254 }, 16 },
    { { 172, 16 }, 12 },
    { { 192, 0, 0 }, 24 },
    { { 192, 0, 2 }, 24 },
    { { 192, 31, 196 }, 24 },
    { { 192, 52, 193 }, 24 },
    { { 192, 88, 99 }, 24 },
    { { 192, 168 }, 16 },
    { { 192, 175, 48 }, 24 },
    { { 198, 18 }, 15 },
    { { 198, 51, 100 }, 24 },
    { { 203, 0, 113 }, 24 },
    { { 224 }, 3 }, /* multicast, and everything above */
};

/* Of IPv6 only 2000::/3 is given out; within it some is not what it seems: Teredo and protocols,
 * documentation, 6to4. */
static const struct range global6 = { { 0x20 }, 3 };
static const struct range ranges6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
    { { 0x20, 0x02 }, 16 },
    { { 0x3f, 0xff }, 20 },
    { { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 }, 48 },
};

static bool within(const unsigned char *address, const struct range *r)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    return memcmp(address, r->prefix, whole) == 0 &&
           (rest == 0 || (address[whole] ^ r->prefix[whole]) >> (8 - rest) == 0);
}

static bool within_any(const unsigned char *address, const struct range *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (within(address, &list[i])) {
            return true;
        }
    }
    return false;
}

bool fetch_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        unsigned char bytes[4];
        memcpy(bytes, &in->sin_addr, sizeof(bytes));
        return !within_any(bytes, ranges4, sizeof(ranges4) / sizeof(ranges4[0]));
    }
    if (address->sa_family == AF_INET6) { /* mapped IPv4 and NAT64 are outside of 2000::/3 */
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
        unsigned char bytes[16];
        memcpy(bytes, &in->sin6_addr, sizeof(bytes));
        return within(bytes, &global6) && !within_any(bytes, ranges6, sizeof(ranges6) / sizeof(ranges6[0]));
    }
    return false;
}

/* ---- URLs: one parser for what is checked and what is called ---- */

struct origin {
    char *scheme, *host, *port;
};

static void origin_free(struct origin *o)
{
    curl_free(o->scheme);
    curl_free(o->host);
    curl_free(o->port);
}

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(u, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return there;
}

static bool parse(CURLU *u, const char *url, struct origin *out)
{
    *out = (struct origin){ NULL, NULL, NULL };
    return curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
           !has_part(u, CURLUPART_FRAGMENT) &&
           curl_url_get(u, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
}

static bool is_plain(struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7F || url.p[i] == '\\') {
            return false;
        }
    }
    return url.n > 0 && url.n <= FETCH_URL_MAX;
}

enum reach { REACH_NOT, REACH_PUBLIC, REACH_OWN };

static enum reach reach_of(const char *issuer, const char *url)
{
    CURLU *a = curl_url(), *b = curl_url();
    struct origin own = { NULL, NULL, NULL }, other = { NULL, NULL, NULL };
    enum reach reach = REACH_NOT;
    if (a && b && parse(a, issuer, &own) && parse(b, url, &other)) {
        bool same = strcmp(own.scheme, other.scheme) == 0 && strcasecmp(own.host, other.host) == 0 &&
                    strcmp(own.port, other.port) == 0;
        bool open = strcmp(other.scheme, "https") == 0 && strcmp(other.port, "443") == 0;
        reach = same ? REACH_OWN : open ? REACH_PUBLIC : REACH_NOT;
    }
    origin_free(&own);
    origin_free(&other);
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return reach;
}

static enum reach reach_of_str(const char *issuer, struct str url)
{
    char text[FETCH_URL_MAX + 1];
    if (!is_plain(url)) {
        return REACH_NOT;
    }
    memcpy(text, url.p, url.n);
    text[url.n] = '\0';
    return reach_of(issuer, text);
}

bool fetch_may_call(const char *issuer, struct str url)
{
    return reach_of_str(issuer, url) != REACH_NOT;
}

bool fetch_same_origin(const char *issuer, struct str url)
{
    return reach_of_str(issuer, url) == REACH_OWN;
}

/* ---- what libcurl calls ---- */

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *c = data;
    if (purpose != CURLSOCKTYPE_IPCXN || !(c->anywhere || fetch_address_is_public(&address->addr))) {
        c->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct call *c = data;
    buf_add(&c->body, bytes, size * count);
    c->too_large = c->too_large || c->body.overflow;
    return c->body.overflow ? 0 : size * count;
}

static bool header_is(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    bool same = line.n > n && line.p[n] == ':' && str_eq_nocase((struct str){ line.p, n }, str_from(name));
    *value = same ? str_trim((struct str){ line.p + n + 1, line.n - n - 1 }) : STR_NONE;
    return same;
}

/* Retry-After may also be a date; nobody who is called sends one. */
static void read_header(struct call *c, struct str line)
{
    struct str value;
    if (header_is(line, "Retry-After", &value)) {
        int64_t seconds = 0;
        for (size_t i = 0; i < value.n && i < 6 && value.p[i] >= '0' && value.p[i] <= '9'; i++) {
            seconds = seconds * 10 + (value.p[i] - '0');
        }
        c->retry_after_us = seconds * 1000000;
    } else if (header_is(line, "Stripe-Should-Retry", &value)) {
        c->retry = str_eqz(value, "true");
        c->no_retry = str_eqz(value, "false");
    }
}

static size_t take_head(char *bytes, size_t size, size_t count, void *data)
{
    struct call *c = data;
    c->head += size * count;
    read_header(c, (struct str){ bytes, size * count });
    c->too_large = c->too_large || c->head > FETCH_HEAD_MAX;
    return c->head > FETCH_HEAD_MAX ? 0 : size * count;
}

/* ---- calls ---- */

static CURL *handle(void)
{
    static CURL *curl;
    static bool tried;
    if (!tried) {
        tried = true;
        curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    }
    if (curl) {
        curl_easy_reset(curl);
    }
    return curl;
}

/* Text of an option with a default of libcurl's is set in any case, so that no environment variable decides.
 */
static void set_bounds(CURL *curl, const struct fetch_session *s, struct call *c, int64_t left_us)
{
    long left_ms = (long)(left_us / 1000) + 1;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, c->anywhere ? "http,https" : "https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
    /* A connection that was let through for one provider must not serve another. */
    (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, c);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
    if (s->ca && s->ca[0]) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, s->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

static struct curl_slist *headers_of(const struct fetch *f)
{
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    list = curl_slist_append(list, "User-Agent: nexus/" PACKAGE_VERSION);
    list = curl_slist_append(list, "Expect:");
    if (f->body.p && f->type) {
        char type[80];
        snprintf(type, sizeof(type), "Content-Type: %s", f->type);
        list = curl_slist_append(list, type);
    }
    for (size_t i = 0; i < FETCH_HEADERS_MAX && f->headers[i]; i++) {
        list = curl_slist_append(list, f->headers[i]);
    }
    if (f->authorization) {
        char *line = NULL;
        if (asprintf(&line, "Authorization: %s", f->authorization) > 0) {
            list = curl_slist_append(list, line);
            explicit_bzero(line, strlen(line));
        }
        free(line);
    }
    return list;
}

/* Key sets have a type of their own (RFC 7517, 8.5.2). */
static bool is_json(const char *type)
{
    struct str given = { type, type ? strcspn(type, "; ") : 0 };
    return type && (str_eq_nocase(given, STR("application/json")) ||
                    str_eq_nocase(given, STR("application/jwk-set+json")));
}

static void take_answer(CURL *curl, struct fetch_session *s, const struct call *c, CURLcode code,
                        struct fetched *out)
{
    long status = 0;
    char *type = NULL;
    *out = (struct fetched){ .why = NULL };
    if (code != CURLE_OK) {
        out->why = c->refused     ? "the address is not public"
                   : c->too_large ? "the answer is too large"
                                  : curl_easy_strerror(code);
        out->unsent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || c->refused;
        return;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    out->status = (int)status;
    out->json = is_json(type);
    out->retry_after_us = c->retry_after_us;
    out->retry = c->retry;
    out->no_retry = c->no_retry;
    out->body = arena_str(s->arena, c->body.n > 0 ? buf_str(&c->body) : STR(""));
}

static void perform(CURL *curl, struct fetch_session *s, const struct fetch *f, enum reach reach,
                    int64_t left_us, struct fetched *out)
{
    struct call c = { .anywhere = reach == REACH_OWN };
    struct curl_slist *headers = headers_of(f);
    buf_init(&c.body, FETCH_BODY_MAX);
    set_bounds(curl, s, &c, left_us);
    (void)curl_easy_setopt(curl, CURLOPT_URL, f->url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (f->body.p) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)f->body.n);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, f->body.p);
    }
    take_answer(curl, s, &c, curl_easy_perform(curl), out);
    curl_easy_reset(curl); /* forgets what it was told, the secret among it */
    curl_slist_free_all(headers);
    if (c.body.p) {
        explicit_bzero(c.body.p, c.body.n);
    }
    buf_free(&c.body);
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

enum err fetch_run(struct fetch_session *s, const struct fetch *f, struct fetched *out)
{
    int64_t now = clock_mono_us();
    enum reach reach = strlen(f->url) <= FETCH_URL_MAX ? reach_of(s->issuer, f->url) : REACH_NOT;
    CURL *curl = handle();
    s->deadline_us = s->deadline_us ? s->deadline_us : now + s->timeout_us;
    if (reach == REACH_NOT || !curl || now >= s->deadline_us) {
        *out = (struct fetched){ .why = !curl                ? "libcurl cannot be used"
                                        : reach == REACH_NOT ? "this URL may not be called"
                                                             : "no time is left" };
        return ERR_NONE;
    }
    if (!take_turn(s)) {
        return ERR_BUSY;
    }
    perform(curl, s, f, reach, s->deadline_us - now, out);
    return ERR_NONE;
}

void fetch_end(struct fetch_session *s)
{
    if (s->taken) {
        slots_free(scoreboard_calling(s->stats.board), scoreboard_owner(s->stats.slot));
        s->taken = false;
    }
}
