/* The option table as text: sample file, manual page and the values in force. */
#include "base/buf.h"
#include "base/options_table.h"

#define SAMPLE_WIDTH 78

static const char *reload_text(const struct option_row *row)
{
    return row->reload == OPTION_RELOAD ? "Takes effect on reload." : "Needs a restart.";
}

/* As comment lines, broken between words. */
static void write_wrapped(FILE *out, const char *text)
{
    struct str rest = str_from(text), word;
    size_t column = 0;
    while (str_split(&rest, ' ', &word)) {
        if (column > 0 && column + 1 + word.n > SAMPLE_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fputs(column == 0 ? "# " : " ", out);
        fwrite(word.p, 1, word.n, out);
        column += word.n + (column == 0 ? 2 : 1);
    }
    fputc('\n', out);
}

static void write_sample_option(FILE *out, const struct option_row *row)
{
    char accepted[200], facts[300];
    option_describe(row, accepted, sizeof(accepted));
    snprintf(facts, sizeof(facts), "Value: %s. %s", accepted, reload_text(row));
    write_wrapped(out, row->doc);
    write_wrapped(out, facts);
    fprintf(out, "#%s = %s\n\n", row->name, row->value[0] ? row->value : "\"\"");
}

void options_write_sample(FILE *out)
{
    fputs(
        "# Settings of Nexus: name = value, one a line. What is commented out shows the default.\n"
        "# An unknown or repeated name, or a value that is not accepted, refuses the whole file.\n"
        "# The environment variable NEXUS_<NAME> overrides a setting. nexusctl check reads this file as the\n"
        "# programs do and reports what is wrong. Made from the option table: see nexus.conf(5).\n\n",
        out);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->type == OPTION_TYPE_SECTION) {
            fprintf(out, "## %s\n\n", row->doc);
        } else {
            write_sample_option(out, row);
        }
    }
}

/* roff takes \ - and a . or ' at the start of a line for itself. */
static void write_roff(FILE *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'') {
        fputs("\\&", out);
    }
    for (; *text; text++) {
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else {
            fputc(*text, out);
        }
    }
}

void option_write_man(FILE *out, const struct option_row *row)
{
    char accepted[200];
    option_describe(row, accepted, sizeof(accepted));
    fputs(".TP\n.BR ", out);
    write_roff(out, row->name);
    fputs(" \" = ", out);
    write_roff(out, row->value[0] ? row->value : "");
    fputs("\"\n", out);
    write_roff(out, row->doc);
    fputs("\nValue: ", out);
    write_roff(out, accepted);
    fputs(".\n", out);
    write_roff(out, reload_text(row));
    fputc('\n', out);
}

void options_write_man(FILE *out)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->type == OPTION_TYPE_SECTION) {
            fputs(".SS ", out);
            write_roff(out, row->doc);
            fputc('\n', out);
        } else {
            option_write_man(out, row);
        }
    }
}

/* A connection string may hold a password although files are there for it: what follows is not shown. */
static void write_value(FILE *out, const char *text)
{
    const char *secret = strcasestr(text, "password");
    if (secret) {
        fprintf(out, "%.*s***", (int)(secret - text), text);
    } else {
        fputs(text, out);
    }
}

void options_write_effective(FILE *out, const struct options *o)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->type == OPTION_TYPE_SECTION) {
            continue;
        }
        bool may_hold_secret = row->type == OPTION_TYPE_TEXT;
        fprintf(out, "%s\t", row->name);
        if (may_hold_secret) {
            write_value(out, option_text(o, row));
        } else {
            fputs(option_text(o, row), out);
        }
        fprintf(out, "\t%s\n", option_origin(o, row));
    }
}
