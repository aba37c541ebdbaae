/* nexusctl config: what can be set, and what is set. */
#include "base/str.h"
#include "ctl/commands.h"
#include "ctl/manual.h"

#include <json-c/json.h>
#include <stdlib.h>

static enum ctl_exit sample_run(struct ctl *ctl);
static enum ctl_exit man_run(struct ctl *ctl);
static enum ctl_exit show_run(struct ctl *ctl);

const struct ctl_command ctl_config_sample = {
    .name = "config sample",
    .args = "",
    .example = "nexusctl config sample > /etc/nexus/nexus.conf",
    .summary = "Print a configuration file with every setting",
    .doc = "Prints all settings with their documentation; what is commented out shows the default.",
    .run = sample_run,
};

const struct ctl_command ctl_config_man = {
    .name = "config man",
    .args = "",
    .example = "nexusctl config man | man -l -",
    .summary = "Print the manual page nexus.conf(5)",
    .doc = "Prints the manual page of the configuration file, made from the table the programs read.",
    .run = man_run,
};

static const struct ctl_option show_options[] = {
    { "origin", NULL, "Say where each value comes from: default, FILE:LINE or environment." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_config_show = {
    .name = "config show",
    .args = "",
    .example = "nexusctl config show --origin",
    .summary = "Print the settings in force",
    .doc = "Prints every setting as the programs would read it now: default, then file, then NEXUS_<NAME> of "
           "the "
           "environment. The output without --origin is itself a configuration file.",
    .options = show_options,
    .run = show_run,
};

static enum ctl_exit sample_run(struct ctl *ctl)
{
    (void)ctl;
    options_write_sample(stdout);
    return CTL_OK;
}

static enum ctl_exit man_run(struct ctl *ctl)
{
    (void)ctl;
    manual_write_config(stdout);
    return CTL_OK;
}

static void show_row(struct str name, struct str value, struct str origin, bool with_origin)
{
    bool quote = value.n == 0 || memchr(value.p, '#', value.n) || memchr(value.p, '"', value.n);
    printf("%.*s = %s", STR_ARG(name), quote ? "\"" : "");
    for (size_t i = 0; i < value.n; i++) {
        if (quote && (value.p[i] == '"' || value.p[i] == '\\')) {
            putchar('\\');
        }
        putchar(value.p[i]);
    }
    fputs(quote ? "\"" : "", stdout);
    if (with_origin) {
        printf("  # %.*s", STR_ARG(origin));
    }
    putchar('\n');
}

static void json_row(struct json_object *all, struct str name, struct str value, struct str origin)
{
    char key[64];
    snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "value", json_object_new_string_len(value.p, (int)value.n));
    json_object_object_add(o, "origin", json_object_new_string_len(origin.p, (int)origin.n));
    json_object_object_add(all, key, o);
}

/* Rows as options_write_effective has them: name, value and origin with tabs between. */
static void show(struct str text, bool with_origin, struct json_object *json)
{
    struct str line, name, value;
    while (str_split(&text, '\n', &line)) {
        if (line.n > 0 && str_split(&line, '\t', &name) && str_split(&line, '\t', &value)) {
            json ? json_row(json, name, value, line) : show_row(name, value, line, with_origin);
        }
    }
}

static enum ctl_exit show_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    char *text = NULL;
    size_t size = 0;
    FILE *out = o ? open_memstream(&text, &size) : NULL;
    if (!out) {
        return CTL_FAILED;
    }
    options_write_effective(out, o);
    fclose(out);
    struct json_object *json = ctl_json(ctl) ? json_object_new_object() : NULL;
    show((struct str){ text, size }, ctl_given(ctl, "origin"), json);
    if (json) {
        puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
        json_object_put(json);
    }
    free(text);
    return CTL_OK;
}
