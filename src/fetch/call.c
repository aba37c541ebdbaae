/* One call by libcurl. */
#include "fetch/call.h"

#include "base/clock.h"
#include "fetch/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SYSTEM_CAS   "/etc/ssl/certs" /* by hash: only those that are needed are read */
#define DROPPED_MAX  (64 * 1024)      /* bytes of an answer nobody wants, before it is cut off */
#define LOCATION_MAX 2048

struct call {
    const struct call_way *way;
    const struct fetch *ask;
    CURL *curl;
    struct buf body;
    int64_t size, limit;
    size_t head;
    int64_t retry_after_us;
    bool retry, no_retry;
    bool too_large, unwritable, encoded;
    bool anywhere; /* the address need not be public, */
    bool plain;    /* nor need it be https */
    bool refused;  /* the address was not public */
    bool hop;      /* a redirect would be followed */
    char location[LOCATION_MAX];
    struct str etag, last_modified;
};

/* ---- what libcurl calls ---- */

static bool is_allowed(const struct sockaddr *address)
{
    return fetch_address_is_public(address) && !fetch_address_is_own(address);
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *c = data;
    if (purpose != CURLSOCKTYPE_IPCXN || !(c->anywhere || is_allowed(&address->addr))) {
        c->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static long status_of(CURL *curl)
{
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* Returning less than was given makes libcurl hang up. */
static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct call *c = data;
    size_t n = size * count;
    long status = status_of(c->curl);
    bool dropped = (c->hop && is_redirect(status)) || (c->ask->file && status / 100 != 2);
    c->size += (int64_t)n;
    c->too_large = c->size > (dropped ? DROPPED_MAX : c->limit);
    if (c->too_large || c->encoded) {
        return 0;
    }
    if (dropped) {
        return n;
    }
    if (c->ask->file) {
        c->unwritable = !write_all(c->ask->file, bytes, n);
        return c->unwritable ? 0 : n;
    }
    buf_add(&c->body, bytes, n);
    c->too_large = c->body.overflow;
    return c->too_large ? 0 : n;
}

static bool header_is(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    bool same = line.n > n && line.p[n] == ':' && str_eq_nocase((struct str){ line.p, n }, str_from(name));
    *value = same ? str_trim((struct str){ line.p + n + 1, line.n - n - 1 }) : STR_NONE;
    while (same && value->n > 0 && (value->p[value->n - 1] == '\r' || value->p[value->n - 1] == '\n')) {
        value->n--;
    }
    return same;
}

/* Retry-After may also be a date; nobody who is called sends one. */
static int64_t seconds_us(struct str value)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < value.n && i < 6 && value.p[i] >= '0' && value.p[i] <= '9'; i++) {
        seconds = seconds * 10 + (value.p[i] - '0');
    }
    return seconds * 1000000;
}

static void read_header(struct call *c, struct str line)
{
    struct str value;
    if (header_is(line, "Retry-After", &value)) {
        c->retry_after_us = seconds_us(value);
    } else if (header_is(line, "Stripe-Should-Retry", &value)) {
        c->retry = str_eqz(value, "true");
        c->no_retry = str_eqz(value, "false");
    } else if (header_is(line, "Location", &value)) {
        bool fits = value.n < sizeof(c->location);
        snprintf(c->location, sizeof(c->location), STR_FMT, fits ? (int)value.n : 0, value.p);
    } else if (header_is(line, "ETag", &value)) {
        c->etag = arena_str(c->way->arena, value);
    } else if (header_is(line, "Last-Modified", &value)) {
        c->last_modified = arena_str(c->way->arena, value);
    } else if (header_is(line, "Content-Encoding", &value)) { /* nothing but identity was asked for */
        c->encoded = !str_eq_nocase(value, STR("identity"));
    }
}

static size_t take_head(char *bytes, size_t size, size_t count, void *data)
{
    struct call *c = data;
    c->head += size * count;
    c->too_large = c->too_large || c->head > FETCH_HEAD_MAX;
    if (c->too_large) {
        return 0;
    }
    read_header(c, (struct str){ bytes, size * count });
    return size * count;
}

/* ---- one request ---- */

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

static void set_certificates(CURL *curl, const char *ca)
{
    if (ca && ca[0]) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    } else if (access(SYSTEM_CAS, X_OK) == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, SYSTEM_CAS);
    }
}

/* Text of an option with a default of libcurl's is set in any case, so that no environment variable decides.
 */
static void set_bounds(struct call *c, int64_t left_us)
{
    CURL *curl = c->curl;
    long left_ms = (long)(left_us / 1000) + 1;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, c->plain ? "http,https" : "https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
    (void)curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)c->limit);
    /* A connection that was let through for one provider must not serve another. */
    (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, c);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
    set_certificates(curl, c->way->ca);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char *line = NULL;
    if (asprintf(&line, "%s: %s", name, value) > 0) {
        list = curl_slist_append(list, line);
        explicit_bzero(line, strlen(line));
    }
    free(line);
    return list;
}

/* `stranger`: a redirect has led away from whom the secrets are for. */
static struct curl_slist *headers_of(const struct fetch *f, bool stranger)
{
    struct curl_slist *list = add_header(NULL, "Accept", f->accept ? f->accept : "application/json");
    list = curl_slist_append(list, "User-Agent: nexus/" PACKAGE_VERSION);
    list = curl_slist_append(list, "Expect:");
    if (f->body.p && f->type) {
        list = add_header(list, "Content-Type", f->type);
    }
    for (size_t i = 0; !stranger && i < FETCH_HEADERS_MAX && f->headers[i]; i++) {
        list = curl_slist_append(list, f->headers[i]);
    }
    return f->authorization && !stranger ? add_header(list, "Authorization", f->authorization) : list;
}

static CURLcode perform(struct call *c, const char *url, struct curl_slist *pins, bool stranger,
                        int64_t left_us)
{
    struct curl_slist *headers = headers_of(c->ask, stranger);
    set_bounds(c, left_us);
    (void)curl_easy_setopt(c->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(c->curl, CURLOPT_RESOLVE, pins);
    if (c->ask->body.p) {
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)c->ask->body.n);
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, c->ask->body.p);
    }
    CURLcode code = curl_easy_perform(c->curl);
    curl_slist_free_all(headers);
    return code;
}

/* ---- names ---- */

static bool add_address(struct buf *out, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    bool six = address->sa_family == AF_INET6;
    const void *bytes = six ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (!inet_ntop(address->sa_family, bytes, text, sizeof(text))) {
        return false;
    }
    buf_printf(out, six ? "%s[%s]" : "%s%s", out->p[out->n - 1] == ':' ? "" : ",", text);
    return true;
}

/*
 * Resolve the name once, look at all addresses, and pin libcurl to them: one answer, whatever the next would
 * be. False when one of them is not public, or there is none. *pins stays NULL for an address in numbers.
 */
static bool pin(struct call *c, const char *url, struct curl_slist **pins)
{
    struct url_place place;
    struct in6_addr numbers;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (!url_place(url, &place) || getaddrinfo(place.host, place.port, &hints, &found) != 0) {
        return false;
    }
    struct buf text;
    buf_init(&text, 16 * 1024);
    buf_printf(&text, "%s:%s:", place.host, place.port);
    for (const struct addrinfo *a = found; a && !c->refused; a = a->ai_next) {
        c->refused = !is_allowed(a->ai_addr) || !add_address(&text, a->ai_addr);
    }
    freeaddrinfo(found);
    buf_addc(&text, '\0');
    if (!c->refused && !text.overflow && inet_pton(AF_INET6, place.host, &numbers) != 1) {
        *pins = curl_slist_append(NULL, text.p);
    }
    bool usable = !c->refused && !text.overflow;
    buf_free(&text);
    return usable;
}

/* ---- the answer ---- */

/* Key sets have a type of their own (RFC 7517, 8.5.2). */
static bool is_json(const char *type)
{
    struct str given = { type, type ? strcspn(type, "; ") : 0 };
    return type && (str_eq_nocase(given, STR("application/json")) ||
                    str_eq_nocase(given, STR("application/jwk-set+json")));
}

static void say(struct fetched *out, enum fetch_fault fault, const char *why)
{
    *out = (struct fetched){ .fault = fault, .why = why };
}

static void take_failure(const struct call *c, CURLcode code, struct fetched *out)
{
    if (c->refused) {
        say(out, FETCH_UNREACHABLE, "the address is not public");
    } else if (c->too_large || code == CURLE_FILESIZE_EXCEEDED || code == CURLE_OUT_OF_MEMORY) {
        /* The last is what libcurl says of a header line that is too long for it. */
        say(out, FETCH_TOO_LARGE, "the answer is too large");
    } else if (c->encoded) {
        say(out, FETCH_BROKEN, "the answer is encoded in a way that was not asked for");
    } else if (c->unwritable) {
        say(out, FETCH_BROKEN, "the answer cannot be written to the file");
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        say(out, FETCH_TIMEOUT, curl_easy_strerror(code));
    } else {
        bool none = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                    code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
                    code == CURLE_SSL_CACERT_BADFILE;
        say(out, none ? FETCH_UNREACHABLE : FETCH_BROKEN, curl_easy_strerror(code));
    }
    out->unsent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || c->refused;
}

static void take_answer(const struct call *c, struct fetched *out)
{
    char *type = NULL;
    (void)curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &type);
    *out = (struct fetched){ .status = (int)status_of(c->curl),
                             .json = is_json(type),
                             .body = arena_str(c->way->arena, c->body.n > 0 ? buf_str(&c->body) : STR("")),
                             .size = c->size,
                             .etag = c->etag,
                             .last_modified = c->last_modified,
                             .retry_after_us = c->retry_after_us,
                             .retry = c->retry,
                             .no_retry = c->no_retry };
}

/* ---- hops ---- */

static void forget_answer(struct call *c)
{
    buf_reset(&c->body);
    c->size = 0;
    c->head = 0;
    c->retry_after_us = 0;
    c->retry = c->no_retry = c->encoded = false;
    c->etag = c->last_modified = STR_NONE;
    c->location[0] = '\0';
}

/* One URL. What is said in *out is the answer, or why there is none. */
static CURLcode hop(struct call *c, const char *url, bool stranger, struct fetched *out)
{
    struct curl_slist *pins = NULL;
    enum reach reach = url_reach(c->way->issuer, c->way->inside, str_from(url));
    int64_t left_us = c->way->deadline_us - clock_mono_us();
    c->curl = handle();
    c->anywhere = reach == REACH_INSIDE || (reach == REACH_OWN && c->way->own_inside);
    c->plain = reach != REACH_PUBLIC;
    if (!c->curl || reach == REACH_NOT || left_us <= 0) {
        say(out, left_us <= 0 ? FETCH_TIMEOUT : FETCH_UNREACHABLE,
            !c->curl             ? "libcurl cannot be used"
            : reach == REACH_NOT ? "this URL may not be called"
                                 : "no time is left");
        return CURLE_URL_MALFORMAT;
    }
    if (c->way->resolve && !c->anywhere && !pin(c, url, &pins)) {
        take_failure(c, CURLE_COULDNT_RESOLVE_HOST, out);
        return CURLE_COULDNT_RESOLVE_HOST;
    }
    forget_answer(c);
    CURLcode code = perform(c, url, pins, stranger, left_us);
    if (code == CURLE_OK) {
        take_answer(c, out);
    } else {
        take_failure(c, code, out);
    }
    curl_easy_reset(c->curl); /* forgets what it was told, the secret among it */
    curl_slist_free_all(pins);
    return code;
}

void call_run(const struct call_way *way, const struct fetch *f, struct fetched *out)
{
    struct call c = { .way = way, .ask = f };
    int left = f->body.p ? 0 : f->redirects > FETCH_REDIRECTS_MAX ? FETCH_REDIRECTS_MAX : f->redirects;
    const char *url = f->url;
    int64_t largest = f->file ? FETCH_FILE_MAX : FETCH_BODY_MAX;
    c.limit = f->body_max > 0 ? f->body_max : FETCH_BODY_MAX;
    c.limit = c.limit > largest ? largest : c.limit;
    buf_init(&c.body, (size_t)c.limit);
    for (;; left--) {
        c.hop = left > 0;
        bool stranger = url != f->url && !fetch_same_origin(f->url, str_from(url));
        CURLcode code = hop(&c, url, stranger, out);
        if (code != CURLE_OK || !c.hop || !is_redirect(out->status)) {
            break;
        }
        url = url_resolve(way->arena, url, c.location);
        if (!url) {
            say(out, FETCH_BROKEN, "it redirects to what is no URL");
            break;
        }
    }
    if (url != f->url) {
        out->unsent = false;
    }
    if (c.body.p) {
        explicit_bzero(c.body.p, c.body.n);
    }
    buf_free(&c.body);
}
