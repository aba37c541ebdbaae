/* The command line: which command, which options, which arguments. */
#include "base/near.h"
#include "base/str.h"
#include "ctl/ctl.h"

#include <stdlib.h>

const struct ctl_option ctl_global_options[] = {
    { "config", "FILE", "Read settings from FILE (-c)." },
    { "json", NULL, "Print the result as JSON." },
    { "help", NULL, "Say how the command is used (-h)." },
    { "version", NULL, "Print the version (-V)." },
    { NULL, NULL, NULL },
};

/* One-letter names; of global options only. */
static const struct {
    char letter;
    const char *name;
} letters[] = { { 'c', "config" }, { 'h', "help" }, { 'V', "version" } };

static const struct ctl_option *find_in(const struct ctl_option *options, struct str name)
{
    for (const struct ctl_option *o = options; o && o->name; o++) {
        if (str_eqz(name, o->name)) {
            return o;
        }
    }
    return NULL;
}

static const struct ctl_option *find_option(const struct ctl *ctl, struct str name)
{
    const struct ctl_option *o = find_in(ctl_global_options, name);
    return o || !ctl->command ? o : find_in(ctl->command->options, name);
}

static const struct ctl_option *find_letter(char letter)
{
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i].letter == letter) {
            return find_in(ctl_global_options, str_from(letters[i].name));
        }
    }
    return NULL;
}

static enum ctl_exit refuse_option(const struct ctl *ctl, struct str name)
{
    struct near near = near_start(name);
    const struct ctl_option *sets[] = { ctl_global_options, ctl->command ? ctl->command->options : NULL };
    for (size_t i = 0; i < 2; i++) {
        for (const struct ctl_option *o = sets[i]; o && o->name; o++) {
            near_offer(&near, o->name);
        }
    }
    const char *best = near_best(&near);
    int shown = name.n > 64 ? 64 : (int)name.n;
    return best ? ctl_fail(CTL_USAGE, "unknown option --%.*s; did you mean --%s?", shown, name.p, best)
                : ctl_fail(CTL_USAGE, "unknown option --%.*s; see nexusctl %s --help", shown, name.p,
                           ctl->command ? ctl->command->name : "");
}

static enum ctl_exit take_option(struct ctl *ctl, const struct ctl_option *option, const char *value)
{
    if (ctl->given_count == CTL_GIVEN_MAX) {
        return ctl_fail(CTL_USAGE, "too many options");
    }
    ctl->given[ctl->given_count].option = option;
    ctl->given[ctl->given_count++].value = value;
    return CTL_OK;
}

/* argv[*i] starts with a dash; a value may be the next argument. */
static enum ctl_exit parse_option(struct ctl *ctl, char **argv, int argc, int *i)
{
    const char *text = argv[*i];
    bool is_long = text[1] == '-';
    struct str rest = str_from(text + (is_long ? 2 : 1)), name = rest;
    const struct ctl_option *option;
    if (is_long) {
        str_split(&rest, '=', &name);
        option = find_option(ctl, name);
    } else {
        option = find_letter(text[1]);
        rest = name.n > 1 ? str_skip(name, 1) : STR_NONE;
    }
    if (!option) {
        return refuse_option(ctl, name);
    }
    if (!option->value) {
        return rest.p ? ctl_fail(CTL_USAGE, "--%s takes no value", option->name)
                      : take_option(ctl, option, "");
    }
    if (!rest.p && *i + 1 >= argc) {
        return ctl_fail(CTL_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
    }
    return take_option(ctl, option, rest.p ? rest.p : argv[++*i]);
}

/* Does the command's name consist of `first` and, when it has two words, `second`? */
static bool command_is(const struct ctl_command *c, const char *first, const char *second)
{
    struct str rest = str_from(c->name), word;
    str_split(&rest, ' ', &word);
    return str_eqz(word, first) && (!rest.p || (second && str_eqz(rest, second)));
}

static const struct ctl_command *find_command(const char *first, const char *second)
{
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        if (command_is(*c, first, second)) {
            return *c;
        }
    }
    return NULL;
}

static bool is_group(const char *word)
{
    size_t n = strlen(word);
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        if (strncmp((*c)->name, word, n) == 0 && (*c)->name[n] == ' ') {
            return true;
        }
    }
    return false;
}

/* The nearest among first words, or among the whole names of a group. */
static enum ctl_exit refuse_command(const char *first, const char *second)
{
    bool group = is_group(first);
    char typed[NEAR_LENGTH_MAX + 1];
    snprintf(typed, sizeof(typed), "%s%s%s", first, group && second ? " " : "",
             group && second ? second : "");
    if (group && !second) {
        ctl_help_group(stderr, first);
        return CTL_USAGE;
    }
    struct near near = near_start(str_from(typed));
    char words[64][32];
    int n = 0;
    for (const struct ctl_command *const *c = ctl_commands; *c && n < 64; c++, n++) {
        size_t len = group ? strlen((*c)->name) : strcspn((*c)->name, " ");
        snprintf(words[n], sizeof(words[n]), "%.*s", (int)len, (*c)->name);
        near_offer(&near, words[n]);
    }
    const char *best = near_best(&near);
    return best ? ctl_fail(CTL_USAGE, "unknown command '%s'; did you mean '%s'?", typed, best)
                : ctl_fail(CTL_USAGE, "unknown command '%s'; nexusctl --help lists them", typed);
}

/* Words up to the command's name may be mixed with global options. */
static enum ctl_exit parse_word(struct ctl *ctl, const char *word, const char *next, int *i)
{
    if (!ctl->command) {
        ctl->command = find_command(word, next);
        if (!ctl->command) {
            return refuse_command(word, next && next[0] != '-' ? next : NULL);
        }
        *i += strchr(ctl->command->name, ' ') ? 1 : 0;
        return CTL_OK;
    }
    if (ctl->arg_count == CTL_GIVEN_MAX) {
        return ctl_fail(CTL_USAGE, "too many arguments");
    }
    ctl->args[ctl->arg_count++] = word;
    return CTL_OK;
}

static enum ctl_exit check_count(const struct ctl *ctl)
{
    const struct ctl_command *c = ctl->command;
    if (!c || ctl_given(ctl, "help") || ctl_given(ctl, "version")) {
        return CTL_OK;
    }
    if (ctl->arg_count < c->min_args) {
        return ctl_fail(CTL_USAGE, "%s needs %s; see nexusctl %s --help", c->name, c->args, c->name);
    }
    if (ctl->arg_count > c->max_args) {
        return ctl_fail(CTL_USAGE, "%s: '%.64s' is one argument too many", c->name, ctl->args[c->max_args]);
    }
    return CTL_OK;
}

enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv)
{
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        enum ctl_exit e = CTL_OK;
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            e = parse_option(ctl, argv, argc, &i);
        } else {
            e = parse_word(ctl, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &i);
        }
        if (e != CTL_OK) {
            return e;
        }
    }
    return check_count(ctl);
}

const char *ctl_value_at(const struct ctl *ctl, const char *option, int index)
{
    for (int i = 0; i < ctl->given_count; i++) {
        if (strcmp(ctl->given[i].option->name, option) == 0 && index-- == 0) {
            return ctl->given[i].value;
        }
    }
    return NULL;
}

/* The last one wins, so that a wrapper's defaults can be overridden. */
const char *ctl_value(const struct ctl *ctl, const char *option)
{
    const char *last = NULL;
    for (int i = 0; i < ctl->given_count; i++) {
        last = strcmp(ctl->given[i].option->name, option) == 0 ? ctl->given[i].value : last;
    }
    return last;
}

bool ctl_given(const struct ctl *ctl, const char *option)
{
    return ctl_value(ctl, option) != NULL;
}

const char *ctl_arg(const struct ctl *ctl, int index)
{
    return index < ctl->arg_count ? ctl->args[index] : NULL;
}

bool ctl_json(const struct ctl *ctl)
{
    return ctl_given(ctl, "json");
}

bool ctl_number(const struct ctl *ctl, const char *option, long fallback, long min, long max, long *out)
{
    const char *text = ctl_value(ctl, option);
    int64_t value = fallback;
    if (text && (!str_int64(str_from(text), &value) || value < min || value > max)) {
        ctl_say("--%s: '%.40s' is not a whole number from %ld to %ld", option, text, min, max);
        return false;
    }
    *out = (long)value;
    return true;
}
