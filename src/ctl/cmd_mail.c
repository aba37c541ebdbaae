/* nexusctl mail list, mail preview, mail test */
#include "base/clock.h"
#include "ctl/commands.h"
#include "mail/mail.h"
#include "mail/smtp.h"
#include "json/write.h"

#include <string.h>

#define MESSAGE_MAX (1024 * 1024)
#define ARENA_BLOCK (64 * 1024)
#define ARENA_MAX   (16 * 1024 * 1024)
#define SAMPLE_LINK "https://stay.example.com/v1/unsubscribe?token=AAECAwQF"

static enum ctl_exit mail_list_run(struct ctl *ctl);
static enum ctl_exit mail_preview_run(struct ctl *ctl);
static enum ctl_exit mail_test_run(struct ctl *ctl);

const struct ctl_command ctl_mail_list = {
    .name = "mail list",
    .args = "",
    .example = "nexusctl mail list",
    .summary = "List the mails there are",
    .doc = "Every topic, what it is for, and the members its templates may use.",
    .run = mail_list_run,
};

static const struct ctl_option preview_options[] = {
    { "language", "TAG", "Language of the reader, such as de or de-CH." },
    { "html", NULL, "Print the HTML half instead of subject and text." },
    { "message", NULL, "Print the whole message as it would be sent." },
    { NULL, NULL, NULL },
};
const struct ctl_command ctl_mail_preview = {
    .name = "mail preview",
    .args = "TOPIC",
    .example = "nexusctl mail preview booking.confirmed.guest --language de",
    .summary = "Show a mail with made-up values",
    .doc = "Renders the templates in use, which is how a change of them is tried. Fails when one is faulty.",
    .options = preview_options,
    .min_args = 1,
    .max_args = 1,
    .run = mail_preview_run,
};

static const struct ctl_option test_options[] = {
    { "topic", "TOPIC", "Which mail, with made-up values (default mail.test)." },
    { "language", "TAG", "Language of the reader." },
    { NULL, NULL, NULL },
};
const struct ctl_command ctl_mail_test = {
    .name = "mail test",
    .args = "ADDRESS",
    .example = "nexusctl mail test ada@example.com",
    .summary = "Send a mail to an address",
    .doc = "Hands one mail to the server of option smtp_url and prints what the server said.",
    .options = test_options,
    .min_args = 1,
    .max_args = 1,
    .run = mail_test_run,
};

static enum ctl_exit mail_list_run(struct ctl *ctl)
{
    struct buf out;
    buf_init(&out, MESSAGE_MAX);
    struct json_writer w = json_write_start(&out);
    json_write_array(&w);
    for (const struct mail_topic *t = mail_topics; t->name; t++) {
        json_write_object(&w);
        JSON_MEMBER(&w, "topic", strz, t->name);
        JSON_MEMBER(&w, "members", strz, t->members);
        JSON_MEMBER(&w, "doc", strz, t->doc);
        json_write_object_end(&w);
        if (!ctl_json(ctl)) {
            printf("%-32s %s\n", t->name, t->doc);
        }
    }
    json_write_array_end(&w);
    if (ctl_json(ctl)) {
        printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
    }
    buf_free(&out);
    return CTL_OK;
}

/* A mail with made-up values, in memory of the arena. */
static enum ctl_exit make(struct ctl *ctl, struct arena *a, const struct options *o, const char *topic,
                          struct mail_text *out)
{
    const struct mail_topic *t = mail_topic_find(str_from(topic));
    char why[MAIL_WHY_SIZE];
    if (!t) {
        return ctl_fail(CTL_NOT_FOUND, "no mail '%.64s'; nexusctl mail list shows them", topic);
    }
    bool optional = strncmp(t->name, "account.", 8) != 0 && strncmp(t->name, "mail.", 5) != 0;
    struct mail_wanted w = { .topic = str_from(t->name),
                             .language = str_from(ctl_value(ctl, "language")),
                             .payload = str_from(t->sample),
                             .unsubscribe = optional ? STR(SAMPLE_LINK) : STR_NONE };
    return mail_render(a, o, &w, out, why) ? CTL_OK : ctl_fail(CTL_PROBLEMS, "%s", why);
}

/* NULL after the reason was printed. */
static struct buf *compose(const struct options *o, const struct mail_text *text, const char *to,
                           bool optional, struct buf *out)
{
    struct mail_address from;
    if (!mail_from(o, &from)) {
        ctl_fail(CTL_FAILED, "option mail_from is no address");
        return NULL;
    }
    struct mail_message m = { .from = &from,
                              .to = to,
                              .text = text,
                              .unsubscribe = optional ? STR(SAMPLE_LINK) : STR_NONE,
                              .made_us = clock_unix_us() };
    buf_init(out, MESSAGE_MAX);
    mail_write(out, &m);
    return out;
}

static void print_preview(struct ctl *ctl, const struct options *o, const struct mail_text *text)
{
    struct buf message;
    if (ctl_given(ctl, "message")) {
        if (compose(o, text, "ada@example.com", true, &message)) {
            fwrite(message.p, 1, message.n, stdout);
            buf_free(&message);
        }
    } else if (ctl_given(ctl, "html")) {
        fwrite(text->html.p, 1, text->html.n, stdout);
    } else if (ctl_json(ctl)) {
        struct buf out;
        buf_init(&out, MESSAGE_MAX);
        struct json_writer w = json_write_start(&out);
        json_write_object(&w);
        JSON_MEMBER(&w, "subject", str, text->subject);
        JSON_MEMBER(&w, "text", str, text->text);
        JSON_MEMBER(&w, "html", str, text->html);
        json_write_object_end(&w);
        printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
        buf_free(&out);
    } else {
        printf("Subject: " STR_FMT "\n\n" STR_FMT, STR_ARG(text->subject), STR_ARG(text->text));
    }
}

static enum ctl_exit mail_preview_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    if (!o) {
        return CTL_FAILED;
    }
    struct arena *a = arena_create(ARENA_BLOCK, ARENA_MAX);
    struct mail_text text;
    enum ctl_exit exit = make(ctl, a, o, ctl_arg(ctl, 0), &text);
    if (exit == CTL_OK) {
        print_preview(ctl, o, &text);
    }
    arena_destroy(a);
    return exit;
}

static enum ctl_exit send_test(struct ctl *ctl, const struct options *o, struct arena *a, const char *to)
{
    struct mail_text text;
    struct buf message;
    char bounce[MAIL_ADDRESS_MAX];
    const char *topic = ctl_value(ctl, "topic");
    enum ctl_exit exit = make(ctl, a, o, topic ? topic : "mail.test", &text);
    if (exit != CTL_OK) {
        return exit;
    }
    if (!mail_bounce(o, 0, bounce)) {
        return ctl_fail(CTL_FAILED, "option mail_bounce or mail_from is no address");
    }
    if (!compose(o, &text, to, false, &message)) {
        return CTL_FAILED;
    }
    struct smtp_answer answer;
    smtp_send(o, bounce, to, buf_str(&message), &answer);
    buf_free(&message);
    if (answer.outcome != SMTP_SENT) {
        return ctl_fail(answer.outcome == SMTP_TROUBLE ? CTL_UNAVAILABLE : CTL_FAILED, "not sent: %s",
                        answer.why);
    }
    printf(ctl_json(ctl) ? "{\"code\":%d}\n" : "%d\n", answer.code);
    ctl_say("sent: %s", answer.why);
    return CTL_OK;
}

static enum ctl_exit mail_test_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    struct mail_address to;
    if (!o) {
        return CTL_FAILED;
    }
    if (!mail_address_parse(ctl_arg(ctl, 0), &to) || to.name[0]) {
        return ctl_fail(CTL_USAGE, "'%.64s' is no address", ctl_arg(ctl, 0));
    }
    struct arena *a = arena_create(ARENA_BLOCK, ARENA_MAX);
    enum ctl_exit exit = send_test(ctl, o, a, to.address);
    arena_destroy(a);
    return exit;
}
