/* nexusctl(1), nexus.conf(5) and bash completion. */
#include "ctl/manual.h"
#include "auth/providers.h"

#include "base/str.h"
#include "ctl/ctl.h"

#define LINE_WIDTH 78

/* mdoc takes a leading . or ' and every backslash for itself. */
static void write_word(FILE *out, struct str word, bool first)
{
    if (first && word.n > 0 && (word.p[0] == '.' || word.p[0] == '\'')) {
        fputs("\\&", out);
    }
    for (size_t i = 0; i < word.n; i++) {
        word.p[i] == '\\' ? fputs("\\e", out) : fputc(word.p[i], out);
    }
}

/* Broken between words; a sentence starts on a line of its own. */
static void write_text(FILE *out, const char *text)
{
    struct str rest = str_from(text), word;
    size_t column = 0;
    bool ended = false;
    while (str_split(&rest, ' ', &word)) {
        bool fresh = column == 0 || ended || column + 1 + word.n > LINE_WIDTH;
        if (column > 0) {
            fputc(fresh ? '\n' : ' ', out);
        }
        write_word(out, word, fresh);
        column = (fresh ? 0 : column + 1) + word.n;
        ended = word.n > 0 && word.p[word.n - 1] == '.';
    }
    fputc('\n', out);
}

static void write_options(FILE *out, const struct ctl_option *options)
{
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct ctl_option *o = options; o && o->name; o++) {
        fprintf(out, ".It Fl \\-%s%s%s\n", o->name, o->value ? " Ar " : "", o->value ? o->value : "");
        write_text(out, o->doc);
    }
    fputs(".El\n", out);
}

static void write_command(FILE *out, const struct ctl_command *c)
{
    fprintf(out, ".Ss nexusctl %s%s%s\\&\n", c->name, c->args[0] ? " " : "", c->args);
    write_text(out, c->doc);
    if (c->options) {
        write_options(out, c->options);
    }
    fprintf(out, ".Dl %s\n", c->example);
}

static const struct {
    enum ctl_exit exit;
    const char *doc;
} exits[] = {
    { CTL_OK, "Done." },
    { CTL_FAILED, "It failed; the reason is on standard error." },
    { CTL_USAGE, "The command line cannot be understood." },
    { CTL_PROBLEMS, "A check found problems, or migrations are not all applied." },
    { CTL_NOT_FOUND, "What was named does not exist." },
    { CTL_UNAVAILABLE, "A server cannot be reached." },
    { CTL_TRY_AGAIN, "A lock or a lost race: the same command may succeed later." },
    { CTL_PERMISSION, "The database refuses this role." },
};

void manual_write_nexusctl(FILE *out)
{
    fputs(
        ".\\\" Made by nexusctl manual from the table of commands.\n"
        ".Dd November 23, 2026\n.Dt NEXUSCTL 1\n.Os\n"
        ".Sh NAME\n.Nm nexusctl\n.Nd run a Nexus marketplace from the shell\n"
        ".Sh SYNOPSIS\n.Nm nexusctl\n.Op Fl c Ar FILE\n.Ar COMMAND\n.Op Ar OPTION ...\n.Op Ar ARGUMENT ...\n"
        ".Sh DESCRIPTION\n"
        "Migrates the database, loads content, keeps accounts, and checks that\n"
        "everything the API needs is there.\n"
        "Results go to standard output, everything else to standard error.\n"
        "Nothing asks for input unless standard input is a terminal.\n"
        "Progress is drawn only on a terminal, colour only without\n.Ev NO_COLOR .\n"
        ".Ss Options of every command\n",
        out);
    write_options(out, ctl_global_options);
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        write_command(out, *c);
    }
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
          ".It Ev NEXUS_MIGRATIONS\nFolder of the migrations.\n"
          ".It Ev NEXUS_ Ns Ar NAME\nOverrides the setting\n.Ar name\nof\n.Xr nexus.conf 5 .\n"
          ".It Ev NO_COLOR\nNo colour when set to anything but the empty text.\n.El\n"
          ".Sh EXIT STATUS\n.Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        fprintf(out, ".It %d\n%s\n", (int)exits[i].exit, exits[i].doc);
    }
    fputs(
        ".It 130\nInterrupted; what was not finished was rolled back.\n.El\n.Sh SEE ALSO\n.Xr nexus.conf 5\n",
        out);
}

void manual_write_config(FILE *out)
{
    fputs(".\\\" Made by nexusctl config man from the option table.\n"
          ".TH NEXUS.CONF 5 2026-11-23 Nexus\n"
          ".SH NAME\nnexus.conf \\- settings of Nexus\n"
          ".SH DESCRIPTION\n"
          "A setting a line,\n.IR name \" = \" value .\n"
          "A # starts a comment; a value may stand in double quotes.\n"
          "An unknown or repeated name and a value that is not accepted refuse the whole file with one line "
          "that says where.\n"
          ".PP\n"
          "A setting is its default, unless the file says otherwise, unless the environment\nvariable\n"
          ".BI NEXUS_ NAME\nsays otherwise.\n"
          ".B nexusctl config show \\-\\-origin\nprints what is in force and why.\n"
          ".SH SETTINGS\n",
          out);
    options_write_man(out);
    fputs(".SH PROVIDERS\n"
          "Each name in login_providers has a file NAME.conf in login_providers_dir, of the same form. It "
          "says:\n",
          out);
    providers_write_man(out);
    fputs(".SH SEE ALSO\n.BR nexusctl (1)\n", out);
}

/* The words of options, with "=" left to the user. */
static void write_option_words(FILE *out, const struct ctl_option *options)
{
    for (const struct ctl_option *o = options; o && o->name; o++) {
        fprintf(out, " --%s", o->name);
    }
}

static void write_first_words(FILE *out)
{
    const char *before = "";
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        int n = (int)strcspn((*c)->name, " ");
        if (strncmp((*c)->name, before, (size_t)n) != 0 || before[n] != ' ') {
            fprintf(out, " %.*s", n, (*c)->name);
        }
        before = (*c)->name;
    }
}

void manual_write_completion(FILE *out)
{
    fputs("# bash completion of nexusctl; made by nexusctl completion.\n"
          "_nexusctl()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} line= i words=\n"
          "    case $before in\n"
          "    -c | --config | --dir | --password-file) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); "
          "return ;;\n"
          "    esac\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in -c | --config) ((i++)) ;; -*) ;; *) line+=${line:+ "
          "}${COMP_WORDS[i]} ;; esac\n"
          "    done\n"
          "    case $line in\n"
          "    '') words='",
          out);
    write_first_words(out);
    write_option_words(out, ctl_global_options);
    fputs("' ;;\n", out);
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        fprintf(out, "    '%s'*) words='", (*c)->name);
        write_option_words(out, (*c)->options);
        write_option_words(out, ctl_global_options);
        fputs("' ;;\n", out);
    }
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        int n = (int)strcspn((*c)->name, " ");
        if ((*c)->name[n] == ' ') {
            fprintf(out, "    '%.*s') words+=' %s' ;;&\n", n, (*c)->name, (*c)->name + n + 1);
        }
    }
    fputs("    esac\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "    [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "}\ncomplete -F _nexusctl nexusctl\n",
          out);
}
