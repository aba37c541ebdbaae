/* What the commands share: the table of them, settings, and how to complain. */
#include "ctl/ctl.h"

#include "ctl/commands.h"

#include <stdarg.h>

const struct ctl_command *const ctl_commands[] = {
#define COMMAND(id) &ctl_##id,
#include "ctl/commands.def"
#undef COMMAND
    NULL,
};

const char *ctl_config_file(const struct ctl *ctl)
{
    const char *file = ctl_value(ctl, "config");
    return file ? file : OPTIONS_DEFAULT_FILE;
}

const struct options *ctl_options(struct ctl *ctl)
{
    if (!ctl->options) {
        char error[512];
        ctl->options = options_load(ctl_config_file(ctl), error, sizeof(error));
        if (!ctl->options) {
            ctl_say("%s", error);
        }
    }
    return ctl->options;
}

__attribute__((format(printf, 1, 0))) static void say(const char *fmt, va_list ap)
{
    fputs("nexusctl: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void ctl_say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

enum ctl_exit ctl_fail(enum ctl_exit exit, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    return exit;
}

void ctl_clean(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        } else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) { /* U+0080 to U+009F */
            p[0] = p[1] = '?';
        }
    }
}
