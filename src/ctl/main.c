/* nexusctl: what a system administrator does with Nexus from a shell. */
#include "ctl/commands.h"
#include "ctl/ctl.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

const struct ctl_command *const ctl_commands[] = {
#define COMMAND(id) &ctl_##id,
#include "ctl/commands.def"
#undef COMMAND
    NULL,
};

static enum ctl_exit run(struct ctl *ctl)
{
    if (ctl_given(ctl, "version")) {
        puts("nexusctl " PACKAGE_VERSION);
        return CTL_OK;
    }
    if (ctl_given(ctl, "help")) {
        ctl->command ? ctl_help_command(stdout, ctl->command) : ctl_help_all(stdout);
        return CTL_OK;
    }
    if (!ctl->command) {
        ctl_help_all(stderr);
        return CTL_USAGE;
    }
    return ctl->command->run(ctl);
}

int main(int argc, char **argv)
{
    struct ctl ctl = { 0 };
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write, reported below */
    enum ctl_exit exit = ctl_parse(&ctl, argc, argv);
    if (exit == CTL_OK) {
        exit = run(&ctl);
    }
    options_free(ctl.options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        exit = ctl_fail(CTL_FAILED, "cannot write to standard output");
    }
    return (int)exit;
}

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

static void say(const char *fmt, va_list ap)
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
