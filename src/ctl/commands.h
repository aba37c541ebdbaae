/* The entries of all commands; each is defined on top of its own file. */
#ifndef NEXUS_CTL_COMMANDS_H
#define NEXUS_CTL_COMMANDS_H

#include "ctl/ctl.h"

#define COMMAND(id) extern const struct ctl_command ctl_##id;
#include "ctl/commands.def"
#undef COMMAND

#endif
