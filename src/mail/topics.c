/* The mails there are. */
#include "mail/mail.h"

const struct mail_topic mail_topics[] = {
#define TOPIC(name, members, sample, doc) { name, members, sample, doc },
#include "mail/topics.def"
#undef TOPIC
    { NULL, NULL, NULL, NULL },
};

const struct mail_topic *mail_topic_find(struct str name)
{
    for (const struct mail_topic *t = mail_topics; t->name; t++) {
        if (str_eqz(name, t->name)) {
            return t;
        }
    }
    return NULL;
}
