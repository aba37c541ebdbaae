/*
 * One mail to one server by libcurl: TLS, log-in, everything bounded in time and memory, whatever the server
 * does.
 *
 * A server that has taken the whole mail and is not heard of any more may have it or not; it counts as not
 * sent. So a mail can come twice, with one Message-ID, but is not lost.
 */
#ifndef NEXUS_MAIL_SMTP_H
#define NEXUS_MAIL_SMTP_H

#include "base/options.h"
#include "base/str.h"

#define SMTP_WHY_SIZE 256

enum smtp_outcome {
    SMTP_SENT,    /* the server has taken responsibility for it */
    SMTP_REFUSED, /* it wants neither this recipient nor this mail, for good */
    SMTP_LATER,   /* it does not want it now: busy, greylisting */
    SMTP_TROUBLE, /* with the server itself: away, no TLS, a log-in it does not know. Others fare no better */
};

struct smtp_answer {
    enum smtp_outcome outcome;
    int code;                /* the last reply's; 0: there was none */
    char why[SMTP_WHY_SIZE]; /* one line, without secrets: what the server said, or what went wrong */
};

/* `from` and `to` are addresses of the envelope. */
void smtp_send(const struct options *o, const char *from, const char *to, struct str message,
               struct smtp_answer *answer);

#endif
