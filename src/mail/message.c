/* Messages: headers, two bodies, nothing but ASCII on the wire. */
#include "mail/mail.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LINE_MAX_QP   75 /* characters of a line of quoted-printable, without the = at its end */
#define WORD_BYTES    42 /* bytes of an encoded word: 56 characters of base64 and 12 around them */
#define ATOM_SPECIALS "()<>[]:;@\\,.\""

/* ---- addresses ---- */

/* What may stand between < and >, in a header and in a command. */
static bool is_address(struct str a)
{
    const char *at = a.n > 0 ? memrchr(a.p, '@', a.n) : NULL;
    if (!at || at == a.p || at == a.p + a.n - 1 || a.n >= MAIL_ADDRESS_MAX) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if ((unsigned char)a.p[i] <= ' ' || a.p[i] == 0x7F || strchr("<>(),;\\\"", a.p[i])) {
            return false;
        }
    }
    return true;
}

static void copy(char out[MAIL_ADDRESS_MAX], struct str text)
{
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
}

bool mail_address_parse(const char *text, struct mail_address *out)
{
    struct str all = str_trim(str_from(text)), name = STR(""), address = all;
    const char *angle = all.n > 0 ? memchr(all.p, '<', all.n) : NULL;
    if (angle && all.p[all.n - 1] == '>') {
        name = str_trim((struct str){ all.p, (size_t)(angle - all.p) });
        address = (struct str){ angle + 1, (size_t)(all.p + all.n - 1 - (angle + 1)) };
    }
    if (!is_address(address) || name.n >= MAIL_ADDRESS_MAX || str_has_control(name, false)) {
        return false;
    }
    copy(out->name, name);
    copy(out->address, address);
    return true;
}

static void host_of(const char *url, char *out, size_t size)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    snprintf(out, size, "%.*s", (int)strcspn(host, ":/"), host);
}

bool mail_from(const struct options *o, struct mail_address *out)
{
    char host[200], made[240];
    if (o->mail_from[0]) {
        return mail_address_parse(o->mail_from, out);
    }
    host_of(o->public_url, host, sizeof(host));
    snprintf(made, sizeof(made), "no-reply@%s", host);
    return mail_address_parse(made, out);
}

bool mail_bounce(const struct options *o, int64_t number, char out[MAIL_ADDRESS_MAX])
{
    struct mail_address from;
    const char *star = strchr(o->mail_bounce, '*');
    if (!o->mail_bounce[0]) {
        bool ok = mail_from(o, &from);
        memcpy(out, from.address, sizeof(from.address));
        return ok;
    }
    int n = star ? snprintf(out, MAIL_ADDRESS_MAX, "%.*s%lld%s", (int)(star - o->mail_bounce), o->mail_bounce,
                            (long long)number, star + 1)
                 : snprintf(out, MAIL_ADDRESS_MAX, "%s", o->mail_bounce);
    return n > 0 && n < MAIL_ADDRESS_MAX && is_address(str_from(out));
}

/* ---- headers ---- */

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' || (unsigned char)text.p[i] > '~') {
            return false;
        }
    }
    return text.n < 60 && !(text.n > 1 && memmem(text.p, text.n, "=?", 2));
}

/* RFC 2047: words of whole characters, each on a line of its own. */
static void add_words(struct buf *out, struct str text)
{
    while (text.n > 0) {
        unsigned char coded[WORD_BYTES / 3 * 4 + 1];
        size_t n = text.n > WORD_BYTES ? WORD_BYTES : text.n;
        while (n > 1 && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80) {
            n--;
        }
        int size = EVP_EncodeBlock(coded, (const unsigned char *)text.p, (int)n);
        buf_addz(out, "=?UTF-8?B?");
        buf_add(out, coded, (size_t)size);
        buf_addz(out, text.n > n ? "?=\r\n " : "?=");
        text = str_skip(text, n);
    }
}

static void add_unstructured(struct buf *out, struct str text)
{
    if (is_plain(text)) {
        buf_adds(out, text);
    } else {
        add_words(out, text);
    }
}

static void add_mailbox(struct buf *out, const struct mail_address *a)
{
    struct str name = str_from(a->name);
    if (name.n > 0 && !is_plain(name)) {
        add_words(out, name);
        buf_addz(out, "\r\n ");
    } else if (strpbrk(a->name, ATOM_SPECIALS)) {
        buf_addc(out, '"');
        for (size_t i = 0; i < name.n; i++) {
            buf_addz(out, strchr("\\\"", name.p[i]) ? "\\" : "");
            buf_addc(out, name.p[i]);
        }
        buf_addz(out, "\" ");
    } else if (name.n > 0) {
        buf_printf(out, "%s ", a->name);
    }
    buf_printf(out, "<%s>", a->address);
}

/* Names of days and months are English, whatever the process speaks. */
static void add_date(struct buf *out, int64_t unix_us)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm t;
    time_t at = (time_t)(unix_us / 1000000);
    gmtime_r(&at, &t);
    buf_printf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n", days + (size_t)t.tm_wday * 3,
               t.tm_mday, months + (size_t)t.tm_mon * 3, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void add_headers(struct buf *out, const struct mail_message *m)
{
    add_date(out, m->made_us);
    buf_addz(out, "From: ");
    add_mailbox(out, m->from);
    buf_printf(out, "\r\nTo: <%s>\r\nSubject: ", m->to);
    add_unstructured(out, m->text->subject);
    buf_printf(out, "\r\nMessage-ID: <%lld.%lld%s>\r\n", (long long)m->number, (long long)m->made_us,
               strrchr(m->from->address, '@'));
    if (m->unsubscribe.p) { /* RFC 2369, RFC 8058 */
        buf_printf(out,
                   "List-Unsubscribe: <" STR_FMT ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                   STR_ARG(m->unsubscribe));
    }
    /* RFC 3834: programs do not answer; so do those who only know the older header. */
    buf_addz(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n");
}

/* ---- bodies ---- */

/* Quoted-printable (RFC 2045, 6.7). */
static void add_quoted(struct buf *out, struct str text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\n') {
            buf_addz(out, "\r\n");
            column = 0;
            continue;
        }
        bool last = i + 1 == text.n || text.p[i + 1] == '\n';
        bool plain = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !last);
        size_t need = plain ? 1 : 3;
        if (column + need > LINE_MAX_QP) {
            buf_addz(out, "=\r\n");
            column = 0;
        }
        if (plain) {
            buf_addc(out, (char)c);
        } else {
            buf_printf(out, "=%02X", c);
        }
        column += need;
    }
}

static void add_part(struct buf *out, const char *boundary, const char *type, struct str body)
{
    buf_printf(
        out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        boundary, type);
    add_quoted(out, body);
    buf_addz(out, "\r\n");
}

void mail_write(struct buf *out, const struct mail_message *m)
{
    /* "=_" cannot be made by quoted-printable. */
    char boundary[64];
    snprintf(boundary, sizeof(boundary), "=_nexus_%lld_%lld", (long long)m->number, (long long)m->made_us);
    add_headers(out, m);
    buf_printf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
    add_part(out, boundary, "text/plain", m->text->text);
    add_part(out, boundary, "text/html", m->text->html);
    buf_printf(out, "--%s--\r\n", boundary);
}
