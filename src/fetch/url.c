/* What may be called, by its URL. */
#include "fetch/url.h"

#include "fetch/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* A zone is of this host's own networks: no name of somebody else's server has one. */
static bool parse(CURLU *u, const char *url, struct origin *out)
{
    *out = (struct origin){ NULL, NULL, NULL };
    return curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
           !has_part(u, CURLUPART_FRAGMENT) && !has_part(u, CURLUPART_ZONEID) &&
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

static enum reach reach_of(const char *issuer, const char *url)
{
    CURLU *a = curl_url(), *b = curl_url();
    struct origin own = { NULL, NULL, NULL }, other = { NULL, NULL, NULL };
    enum reach reach = REACH_NOT;
    if (a && b && parse(b, url, &other)) {
        bool same = issuer && parse(a, issuer, &own) && strcmp(own.scheme, other.scheme) == 0 &&
                    strcasecmp(own.host, other.host) == 0 && strcmp(own.port, other.port) == 0;
        bool open = strcmp(other.scheme, "https") == 0 && strcmp(other.port, "443") == 0;
        reach = same ? REACH_OWN : open ? REACH_PUBLIC : REACH_NOT;
    }
    origin_free(&own);
    origin_free(&other);
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return reach;
}

static bool is_listed(const char *list, const char *url)
{
    char origin[FETCH_URL_MAX + 1];
    while (list && option_list_next(&list, origin, sizeof(origin))) {
        if (reach_of(origin, url) == REACH_OWN) {
            return true;
        }
    }
    return false;
}

enum reach url_reach(const char *issuer, const char *inside, struct str url)
{
    char text[FETCH_URL_MAX + 1];
    if (!is_plain(url)) {
        return REACH_NOT;
    }
    memcpy(text, url.p, url.n);
    text[url.n] = '\0';
    return is_listed(inside, text) ? REACH_INSIDE : reach_of(issuer, text);
}

bool fetch_may_call(const char *issuer, struct str url)
{
    return url_reach(issuer, NULL, url) != REACH_NOT;
}

bool fetch_same_origin(const char *issuer, struct str url)
{
    return url_reach(issuer, NULL, url) == REACH_OWN;
}

bool fetch_user_may_name(const struct options *o, struct str url)
{
    return url_reach(NULL, o->fetch_inside, url) != REACH_NOT;
}

const char *url_resolve(struct arena *a, const char *base, const char *location)
{
    CURLU *u = curl_url();
    char *text = NULL;
    const char *out = NULL;
    if (u && is_plain(str_from(location)) && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, location, CURLU_DISALLOW_USER) == CURLUE_OK) {
        (void)curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0); /* it is not for servers */
        if (curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK) {
            out = arena_strdup(a, str_from(text));
        }
    }
    curl_free(text);
    curl_url_cleanup(u);
    return out;
}

bool url_place(const char *url, struct url_place *out)
{
    CURLU *u = curl_url();
    struct origin o = { NULL, NULL, NULL };
    bool fits = false;
    if (u && parse(u, url, &o)) {
        struct str host = str_from(o.host);
        if (host.n >= 2 && host.p[0] == '[') {
            host = (struct str){ host.p + 1, host.n - 2 };
        }
        fits = snprintf(out->host, sizeof(out->host), STR_FMT, STR_ARG(host)) < (int)sizeof(out->host) &&
               snprintf(out->port, sizeof(out->port), "%s", o.port) < (int)sizeof(out->port);
    }
    origin_free(&o);
    curl_url_cleanup(u);
    return fits;
}
