/*
 * Mails: what there is to be said (topics.def), how it is worded (templates), what is sent (message), and the
 * sending (smtp).
 *
 * A template is a set of files LANGUAGE/TOPIC.subject, .txt and .html. They are looked for in the folder of
 * option mail_templates first and then among those that came with the program; in the language asked for, its
 * first part (de-CH: de), option mail_language, English. Without an .html the HTML half is made of the text.
 * Everything is read when it is needed, so that a change counts at once.
 */
#ifndef NEXUS_MAIL_MAIL_H
#define NEXUS_MAIL_MAIL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/options.h"
#include "base/str.h"

#define MAIL_WHY_SIZE    256
#define MAIL_ADDRESS_MAX 320

struct mail_topic {
    const char *name;
    const char *members; /* of its payload, blanks between */
    const char *sample;  /* a payload, JSON text */
    const char *doc;
};
/* Ends with a NULL name. */
extern const struct mail_topic mail_topics[];
/* NULL: there is none. */
const struct mail_topic *mail_topic_find(struct str name);

/* ---- wording ---- */

struct mail_wanted {
    struct str topic, language; /* an absent language is option mail_language */
    struct str payload;         /* one JSON object: texts, and lists of objects of texts */
    struct str unsubscribe;     /* link; absent: there is nothing to unsubscribe from */
};

struct mail_text {
    struct str subject, text, html; /* arena; LF between lines */
};

/* False with one line in why[]: no such template, a fault in it, or a payload that is none. */
bool mail_render(struct arena *a, const struct options *o, const struct mail_wanted *w, struct mail_text *out,
                 char why[MAIL_WHY_SIZE]);
/* Only the subject: what notifications say. */
bool mail_render_subject(struct arena *a, const struct options *o, const struct mail_wanted *w,
                         struct str *out, char why[MAIL_WHY_SIZE]);

/* Where a page of the front-end is: account_url or public_url, and the path. Arena. */
struct str mail_link(struct arena *a, const struct options *o, const char *path);

/* ---- messages (RFC 5322, MIME) ---- */

/* One address, alone or behind a name: "Nexus <no-reply@example.com>". */
struct mail_address {
    char name[MAIL_ADDRESS_MAX], address[MAIL_ADDRESS_MAX];
};
/* False: no address that can stand in a header and an envelope. */
bool mail_address_parse(const char *text, struct mail_address *out);
/* Of option mail_from, or no-reply at the host of public_url. */
bool mail_from(const struct options *o, struct mail_address *out);
/* Whom the servers tell of a mail they could not deliver: option mail_bounce, with the mail's number in the
 * place of its *; or the sender. */
bool mail_bounce(const struct options *o, int64_t number, char out[MAIL_ADDRESS_MAX]);

struct mail_message {
    const struct mail_address *from;
    const char *to;
    const struct mail_text *text;
    struct str unsubscribe;  /* link of List-Unsubscribe; absent: none */
    int64_t number, made_us; /* of the row: the same Message-ID and Date however often it is sent */
};
/* Complete, lines end with CRLF, nothing but ASCII. */
void mail_write(struct buf *out, const struct mail_message *m);

#endif
