/* Sending. */
#include "mail/smtp.h"

#include "base/buf.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLIES_MAX (64 * 1024) /* bytes of all replies to one mail */
#define VERB_MAX    9

struct talk {
    struct str message; /* what is left to send */
    size_t heard;
    char verb[VERB_MAX];      /* of the last command; "." once the mail is out */
    char said[SMTP_WHY_SIZE]; /* the last line heard */
    bool over;                /* what comes now are good-byes */
};

/* ---- what libcurl calls ---- */

static size_t give_message(char *to, size_t size, size_t count, void *data)
{
    struct talk *t = data;
    size_t n = size * count < t->message.n ? size * count : t->message.n;
    memcpy(to, t->message.p, n);
    t->message = str_skip(t->message, n);
    if (t->message.n == 0) {
        memcpy(t->verb, ".", 2);
    }
    return n;
}

/* A line of the server's, cut to size, with nothing in it that steers a terminal or a log. */
static void keep_line(struct talk *t, const char *bytes, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < sizeof(t->said) - 1 && bytes[i] != '\r' && bytes[i] != '\n'; i++) {
        t->said[kept++] = bytes[i] >= ' ' && bytes[i] < 0x7F ? bytes[i] : '?';
    }
    t->said[kept] = '\0';
}

static size_t take_reply(char *bytes, size_t size, size_t count, void *data)
{
    struct talk *t = data;
    t->heard += size * count;
    if (!t->over) {
        keep_line(t, bytes, size * count);
    }
    return t->heard > REPLIES_MAX ? 0 : size * count;
}

/* Only the verb is kept: what follows may be a password. */
static int watch(CURL *curl, curl_infotype type, char *bytes, size_t n, void *data)
{
    struct talk *t = data;
    (void)curl;
    t->over = t->over || (type == CURLINFO_HEADER_OUT && n >= 4 && memcmp(bytes, "QUIT", 4) == 0);
    if (type == CURLINFO_HEADER_OUT && !t->over) {
        size_t kept = 0;
        while (kept < n && kept < VERB_MAX - 1 && bytes[kept] >= 'A' && bytes[kept] <= 'Z') {
            t->verb[kept] = bytes[kept];
            kept++;
        }
        t->verb[kept] = '\0';
    }
    return 0;
}

/* ---- what was meant ---- */

static void answer_with(struct smtp_answer *a, enum smtp_outcome outcome, const char *text)
{
    a->outcome = outcome;
    snprintf(a->why, sizeof(a->why), "%s", text);
}

/* A reply to the recipient or to the mail is about them; any other is about us. */
static void judge(const struct talk *t, CURLcode code, long reply, struct smtp_answer *a)
{
    bool ours = strcmp(t->verb, "RCPT") == 0 || strcmp(t->verb, ".") == 0;
    bool replied = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
                   code == CURLE_UPLOAD_FAILED;
    a->code = (int)reply;
    if (code == CURLE_OK) {
        answer_with(a, SMTP_SENT, t->said);
    } else if (replied && reply >= 400 && reply < 600) {
        enum smtp_outcome outcome = !ours ? SMTP_TROUBLE : reply >= 500 ? SMTP_REFUSED : SMTP_LATER;
        answer_with(a, outcome, t->said);
    } else {
        answer_with(a, SMTP_TROUBLE,
                    t->heard > REPLIES_MAX ? "the server says too much" : curl_easy_strerror(code));
    }
}

/* ---- a call ---- */

static const char *host_of(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? host + 3 : url;
}

/* The server's URL with the name we greet it by. */
static void make_url(const struct options *o, char *out, size_t size)
{
    const char *us = host_of(o->public_url);
    size_t base = strcspn(host_of(o->smtp_url), "/");
    snprintf(out, size, "%.*s/%.*s", (int)((size_t)(host_of(o->smtp_url) - o->smtp_url) + base), o->smtp_url,
             (int)strcspn(us, ":/"), us);
}

static void set_server(CURL *curl, const struct options *o, const char *url, const char *password)
{
    long timeout_ms = (long)(o->smtp_timeout / 1000);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(o->smtp_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout_ms / 1000 + 1);
    (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    if (o->smtp_ca[0]) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, o->smtp_ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (password) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, o->smtp_user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    }
}

static void set_talk(CURL *curl, struct talk *t)
{
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_message);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, t);
    (void)curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->message.n);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_reply);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
    (void)curl_easy_setopt(curl, CURLOPT_DEBUGDATA, t);
}

static void perform(CURL *curl, const char *from, const char *to, struct talk *t, struct smtp_answer *answer)
{
    long reply = 0;
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    set_talk(curl, t);
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    judge(t, code, reply, answer);
    curl_easy_cleanup(curl); /* forgets the password, too */
    curl_slist_free_all(recipients);
}

void smtp_send(const struct options *o, const char *from, const char *to, struct str message,
               struct smtp_answer *answer)
{
    struct talk t = { .message = message };
    char url[600];
    char *password = NULL;
    size_t size = 0;
    *answer = (struct smtp_answer){ .outcome = SMTP_TROUBLE };
    bool tls = o->smtp_tls || strncmp(o->smtp_url, "smtps:", 6) == 0;
    if (!o->smtp_url[0]) {
        answer_with(answer, SMTP_TROUBLE, "option smtp_url is not set");
        return;
    }
    if (o->smtp_user[0] && !tls) {
        answer_with(answer, SMTP_TROUBLE, "a password is not sent without TLS: set smtp_tls");
        return;
    }
    if (o->smtp_user[0] &&
        !(password = options_secret(o->smtp_password_file, &size, answer->why, sizeof(answer->why)))) {
        return;
    }
    CURL *curl = curl_easy_init();
    if (!curl) {
        answer_with(answer, SMTP_TROUBLE, "libcurl cannot be used");
    } else {
        make_url(o, url, sizeof(url));
        set_server(curl, o, url, password);
        perform(curl, from, to, &t, answer);
    }
    if (password) {
        explicit_bzero(password, size);
        free(password);
    }
}
