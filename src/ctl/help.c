/* What nexusctl says of itself, made from the command entries. */
#include "base/buf.h"
#include "ctl/ctl.h"

#define WIDTH       79
#define NAME_COLUMN 24

/* Words from column `indent` on, broken at WIDTH; the cursor stands at `column`. */
static void write_wrapped(FILE *out, const char *text, size_t indent, size_t column)
{
    struct str rest = str_from(text), word;
    bool first = true;
    while (str_split(&rest, ' ', &word)) {
        if (!first && column + 1 + word.n > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", STR_ARG(word));
        column += word.n + (first ? 0 : 1);
        first = false;
    }
    fputc('\n', out);
}

static void write_option(FILE *out, const struct ctl_option *o)
{
    char name[48];
    snprintf(name, sizeof(name), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(out, "  %-*s", NAME_COLUMN - 2, name);
    if (strlen(name) >= NAME_COLUMN - 2) {
        fprintf(out, "\n%*s", NAME_COLUMN, "");
    }
    write_wrapped(out, o->doc, NAME_COLUMN, NAME_COLUMN);
}

static void write_options(FILE *out, const struct ctl_option *options)
{
    for (const struct ctl_option *o = options; o && o->name; o++) {
        write_option(out, o);
    }
}

static void write_command(FILE *out, const struct ctl_command *c)
{
    fprintf(out, "  %-*s%s\n", NAME_COLUMN - 2, c->name, c->summary);
}

/* Length of the first of two words; 0 when there is only one. */
static size_t group_length(const struct ctl_command *c)
{
    const char *blank = c ? strchr(c->name, ' ') : NULL;
    return blank ? (size_t)(blank - c->name) : 0;
}

static bool same_group(const struct ctl_command *a, const struct ctl_command *b)
{
    size_t n = group_length(a);
    return n > 0 && n == group_length(b) && strncmp(a->name, b->name, n) == 0;
}

/* Commands that share their first word stand together: "role (create, list)". Returns the last of them. */
static const struct ctl_command *const *add_group(struct buf *words, const struct ctl_command *const *c)
{
    size_t n = group_length(*c);
    buf_printf(words, "%.*s (%s", (int)n, (*c)->name, (*c)->name + n + 1);
    for (; same_group(c[0], c[1]); c++) {
        buf_printf(words, ", %s", c[1]->name + n + 1);
    }
    buf_addc(words, ')');
    return c;
}

/* Names alone, or it would not fit the smallest terminal. */
void ctl_help_all(FILE *out)
{
    struct buf words;
    buf_init(&words, 16 * 1024);
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        if (same_group(c[0], c[1])) {
            c = add_group(&words, c);
        } else {
            buf_addz(&words, (*c)->name);
        }
        buf_addz(&words, c[1] ? "; " : ".");
    }
    buf_addc(&words, '\0');
    fputs("Example: nexusctl check\n\nUsage: nexusctl [-c FILE] COMMAND [OPTION]... "
          "[ARGUMENT]...\n\nCommands, each explained by nexusctl COMMAND --help:\n  ",
          out);
    write_wrapped(out, words.p, 2, 2);
    buf_free(&words);
    fputs("\nOptions of every command: ", out);
    for (const struct ctl_option *o = ctl_global_options; o->name; o++) {
        fprintf(out, "--%s%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "",
                o[1].name ? ", " : ".\n");
    }
}

void ctl_help_group(FILE *out, const char *word)
{
    size_t n = strlen(word);
    fprintf(out, "Usage: nexusctl %s COMMAND; COMMAND is one of\n", word);
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        if (strncmp((*c)->name, word, n) == 0 && (*c)->name[n] == ' ') {
            write_command(out, *c);
        }
    }
}

void ctl_help_command(FILE *out, const struct ctl_command *c)
{
    fprintf(out, "Example: %s\n\nUsage: nexusctl %s%s%s%s\n\n", c->example, c->name,
            c->options ? " [OPTION]..." : "", c->args[0] ? " " : "", c->args);
    write_wrapped(out, c->doc, 0, 0);
    if (c->options) {
        fputs("\nOptions:\n", out);
        write_options(out, c->options);
    }
    fputs("\nAlso --config FILE, --json; see nexusctl(1).\n", out);
}
