/* nexusctl manual, nexusctl completion: for packagers and shells. */
#include "ctl/commands.h"
#include "ctl/manual.h"

static enum ctl_exit manual_run(struct ctl *ctl);
static enum ctl_exit completion_run(struct ctl *ctl);

const struct ctl_command ctl_manual = {
    .name = "manual",
    .args = "",
    .example = "nexusctl manual | man -l -",
    .summary = "Print the manual page nexusctl(1)",
    .doc = "Prints the manual page of this program, made from the table of its commands.",
    .run = manual_run,
};

const struct ctl_command ctl_completion = {
    .name = "completion",
    .args = "",
    .example = "source <(nexusctl completion)",
    .summary = "Print the completion for bash",
    .doc = "Prints a script that makes bash complete commands and options of nexusctl.",
    .run = completion_run,
};

static enum ctl_exit manual_run(struct ctl *ctl)
{
    (void)ctl;
    manual_write_nexusctl(stdout);
    return CTL_OK;
}

static enum ctl_exit completion_run(struct ctl *ctl)
{
    (void)ctl;
    manual_write_completion(stdout);
    return CTL_OK;
}
