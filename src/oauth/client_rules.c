/* What an OAuth client may be. */
#include "oauth/client_rules.h"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3986 without "#": everything else would have to be percent-encoded. */
static bool is_uri_char(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~:/?[]@!$&'()*+,;=%", c));
}

static bool all(struct str s, bool (*is)(char c))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is(s.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.';
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.';
}

/* Take the scheme and its colon off; absent when there is none, in lower case. */
static struct str take_scheme(struct str *uri)
{
    struct str scheme;
    struct str rest = *uri;
    if (!str_split(&rest, ':', &scheme) || !rest.p || scheme.n == 0 ||
        !(scheme.p[0] >= 'a' && scheme.p[0] <= 'z') || !all(scheme, is_scheme_char)) {
        return STR_NONE;
    }
    *uri = rest;
    return scheme;
}

/* "//host:port/..." taken apart; false when there is no host, or more than host and port. */
struct place {
    struct str host, port; /* no port: absent */
    struct str rest;       /* from the path on */
};

static bool take_place(struct str after_scheme, struct place *p)
{
    struct str s = after_scheme;
    if (!str_starts(s, STR("//"))) {
        return false;
    }
    s = str_skip(s, 2);
    size_t end = 0;
    while (end < s.n && s.p[end] != '/' && s.p[end] != '?') {
        end++;
    }
    struct str authority = { s.p, end };
    p->rest = str_skip(s, end);
    const char *colon = memrchr(authority.p, ':', authority.n);
    bool v6 = authority.n > 0 && authority.p[0] == '[';
    const char *closing = v6 ? memchr(authority.p, ']', authority.n) : NULL;
    if (colon && (!v6 || (closing && colon > closing))) {
        p->host = (struct str){ authority.p, (size_t)(colon - authority.p) };
        p->port = str_skip(authority, p->host.n + 1);
    } else {
        p->host = authority;
        p->port = STR_NONE;
    }
    return p->host.n > 0 && (!p->port.p || (p->port.n > 0 && p->port.n <= 5 && all(p->port, is_digit)));
}

static bool is_loopback_address(struct str host)
{
    return str_eqz(host, "127.0.0.1") || str_eqz(host, "[::1]");
}

static const char *web_fault(const struct place *p)
{
    bool dots = p->host.p[0] == '.' || p->host.p[p->host.n - 1] == '.';
    return all(p->host, is_host_char) && !dots ? NULL
                                               : "must name a host in lower case, without user information";
}

const char *redirect_uri_fault(struct str uri)
{
    struct place p;
    struct str rest = uri;
    struct str scheme = take_scheme(&rest);
    if (uri.n == 0 || uri.n > REDIRECT_URI_MAX) {
        return "must have 1 to 1000 characters";
    }
    if (memchr(uri.p, '#', uri.n)) {
        return "must have no fragment";
    }
    if (!all(uri, is_uri_char) || memchr(uri.p, '*', uri.n)) {
        return "must have no characters but those of URIs, and no pattern";
    }
    if (str_eqz(scheme, "https")) {
        return take_place(rest, &p) ? web_fault(&p) : "must name a host";
    }
    if (str_eqz(scheme, "http")) {
        bool loopback = take_place(rest, &p) && (is_loopback_address(p.host) || str_eqz(p.host, "localhost"));
        return loopback ? NULL : "must be https, or http on 127.0.0.1, [::1] or localhost";
    }
    if (scheme.p && memchr(scheme.p, '.', scheme.n) && rest.n > 0 && rest.p[0] == '/') {
        return NULL;
    }
    return "must be https, http on the loopback interface, or a scheme with a dot, as com.example.app:/done";
}

bool redirect_uri_is_web(struct str uri)
{
    return str_starts(uri, STR("https://"));
}

bool redirect_uri_matches(struct str registered, struct str given, bool is_public)
{
    struct place a, b;
    struct str left = registered, right = given;
    if (str_eq(registered, given)) {
        return true;
    }
    return is_public && str_eqz(take_scheme(&left), "http") && str_eqz(take_scheme(&right), "http") &&
           take_place(left, &a) && take_place(right, &b) && is_loopback_address(a.host) &&
           str_eq(a.host, b.host) && str_eq(a.rest, b.rest);
}

bool resource_is_valid(struct str uri)
{
    struct str rest = uri;
    struct str scheme = take_scheme(&rest);
    return uri.n <= 500 && scheme.p && rest.n > 0 && all(uri, is_uri_char);
}
