/* nexusctl: what a system administrator does with Nexus from a shell. */
#include "ctl/ctl.h"

#include <signal.h>

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
