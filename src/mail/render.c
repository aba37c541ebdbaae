/* From a template and a payload to the words of a mail. */
#include "mail/mail.h"

#include "base/date.h"
#include "base/template.h"
#include "json/document.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX    (64 * 1024)
#define MAIL_MAX    (256 * 1024)
#define NESTING_MAX 2
#define LANGUAGES   3
#define SUBJECT_MAX 200 /* bytes of a subject */

struct speech { /* how a language writes dates and amounts */
    struct str months[12], date, decimal, group;
};

struct reading {
    struct arena *arena;
    const struct options *options;
    char language[LANGUAGES + 1][36]; /* in the order they are tried; ends with an empty one */
    struct speech speech;
    char *why;
};

static bool fault(struct reading *r, const char *what, const char *which, const char *rule)
{
    snprintf(r->why, MAIL_WHY_SIZE, "%s %s%s%s", what, which, rule ? ": " : "", rule ? rule : "");
    return false;
}

/* ---- files ---- */

/* Absent: there is none, or it is longer than a template can be. */
static struct str read_file(struct reading *r, const char *path)
{
    struct stat about;
    FILE *f = fopen(path, "re");
    bool fits = f && fstat(fileno(f), &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= FILE_MAX;
    size_t size = fits ? (size_t)about.st_size : 0;
    char *text = fits ? arena_alloc(r->arena, size + 1) : NULL;
    bool whole = fits && fread(text, 1, size, f) == size;
    if (f) {
        fclose(f);
    }
    return whole ? (struct str){ text, size } : STR_NONE;
}

static struct str find_in(struct reading *r, const char *language, const char *name, const char *kind)
{
    const char *folders[] = { r->options->mail_templates, NEXUS_DATADIR "/mail" };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (folders[i][0]) {
            struct str text =
                read_file(r, arena_printf(r->arena, "%s/%s/%s%s", folders[i], language, name, kind));
            if (text.p) {
                return text;
            }
        }
    }
    return STR_NONE;
}

/* A language tag can be the name of a folder; anything else is none. */
static void add_language(struct reading *r, size_t *n, struct str tag)
{
    char *out = r->language[*n];
    if (*n == LANGUAGES || tag.n < 2 || tag.n >= sizeof(r->language[0])) {
        return;
    }
    for (size_t i = 0; i < tag.n; i++) {
        if (!isalnum((unsigned char)tag.p[i]) && tag.p[i] != '-') {
            return;
        }
        out[i] = (char)(i < 2 ? tolower((unsigned char)tag.p[i]) : tag.p[i]);
    }
    out[tag.n] = '\0';
    *n += 1;
}

static void choose_languages(struct reading *r, struct str wanted)
{
    size_t n = 0;
    struct str own = str_from(r->options->mail_language);
    add_language(r, &n, wanted);
    if (wanted.p && memchr(wanted.p, '-', wanted.n)) {
        add_language(r, &n,
                     (struct str){ wanted.p, (size_t)((char *)memchr(wanted.p, '-', wanted.n) - wanted.p) });
    }
    add_language(r, &n, own.n > 0 ? own : STR("en"));
    r->language[n][0] = '\0';
}

/* The first language that has the subject has all of it; English has everything. */
static const char *language_of(struct reading *r, const char *topic)
{
    for (size_t i = 0; r->language[i][0]; i++) {
        if (find_in(r, r->language[i], topic, ".subject").p) {
            return r->language[i];
        }
    }
    return find_in(r, "en", topic, ".subject").p ? "en" : NULL;
}

static void read_speech(struct reading *r, const char *language)
{
    struct str left = find_in(r, language, "locale", ""), line;
    while (left.p && str_split(&left, '\n', &line)) {
        struct str name, value = line;
        (void)str_split(&value, '=', &name);
        name = str_trim(name);
        value = value.p ? str_trim(value) : STR("");
        if (str_eqz(name, "months")) {
            for (size_t i = 0; i < 12 && value.p; i++) {
                (void)str_split(&value, ' ', &r->speech.months[i]);
            }
        } else if (str_eqz(name, "date")) {
            r->speech.date = value;
        } else if (str_eqz(name, "decimal")) {
            r->speech.decimal = value;
        } else if (str_eqz(name, "group")) {
            r->speech.group = value;
        }
    }
}

/* ---- values ---- */

/* What could begin another line, or steer what shows it, is a blank. */
static void write_line(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool c1 = c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0;
        buf_addc(out, c < ' ' || c == 0x7F || c1 ? ' ' : text.p[i]);
        i += c1;
    }
}

static void write_named(struct buf *out, const struct speech *s, struct str pattern, date_t date)
{
    int year, month, day;
    date_to_ymd(date, &year, &month, &day);
    for (size_t i = 0; i < pattern.n; i++) {
        struct str left = str_skip(pattern, i);
        if (str_starts(left, STR("{day}"))) {
            buf_addi(out, day);
            i += 4;
        } else if (str_starts(left, STR("{month}"))) {
            buf_adds(out, s->months[month - 1]);
            i += 6;
        } else if (str_starts(left, STR("{year}"))) {
            buf_addi(out, year);
            i += 5;
        } else {
            buf_addc(out, pattern.p[i]);
        }
    }
}

/* "2026-12-24", alone or before a time of day in UTC. */
static void write_date(struct buf *out, const struct speech *s, struct str text, bool with_time)
{
    date_t date;
    if (text.n < 10 || !s->date.p || !s->months[11].p || !date_parse((struct str){ text.p, 10 }, &date)) {
        write_line(out, text);
        return;
    }
    write_named(out, s, s->date, date);
    if (with_time && text.n >= 16 && text.p[10] == 'T') {
        buf_addz(out, ", ");
        write_line(out, (struct str){ text.p + 11, 5 });
        buf_addz(out, " UTC");
    }
}

/* "1234.50 EUR". */
static void write_money(struct buf *out, const struct speech *s, struct str text)
{
    size_t whole = 0, start = text.n > 0 && text.p[0] == '-' ? 1 : 0;
    while (start + whole < text.n && isdigit((unsigned char)text.p[start + whole])) {
        whole++;
    }
    if (whole == 0 || !s->decimal.p || !s->group.p) {
        write_line(out, text);
        return;
    }
    buf_add(out, text.p, start);
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) {
            buf_adds(out, s->group);
        }
        buf_addc(out, text.p[start + i]);
    }
    struct str left = str_skip(text, start + whole);
    if (str_starts(left, STR("."))) {
        buf_adds(out, s->decimal);
        left = str_skip(left, 1);
    }
    write_line(out, left);
}

static bool write_text(struct buf *out, struct str text, struct str how, const void *context)
{
    const struct reading *r = context;
    if (!how.p || str_eqz(how, "url")) {
        write_line(out, text);
    } else if (str_eqz(how, "date") || str_eqz(how, "time")) {
        write_date(out, &r->speech, text, str_eqz(how, "time"));
    } else if (str_eqz(how, "money")) {
        write_money(out, &r->speech, text);
    } else {
        return false;
    }
    return true;
}

/* A link that is none of the web's leads nowhere. */
static bool write_html(struct buf *out, struct str text, struct str how, const void *context)
{
    struct buf plain;
    buf_init(&plain, MAIL_MAX);
    bool link = how.p && str_eqz(how, "url");
    bool web = str_starts(text, STR("https://")) || str_starts(text, STR("http://"));
    bool known = write_text(&plain, link && !web ? STR("#") : text, how, context);
    known = known && template_write_html(out, plain.n > 0 ? buf_str(&plain) : STR(""), STR_NONE, NULL);
    buf_free(&plain);
    return known;
}

static const struct template_kind text_kind = { .write = write_text, .lenient = true };
static const struct template_kind html_kind = { .write = write_html, .lenient = true };

/* ---- payload ---- */

static const struct template_value *values_of(struct arena *a, struct json_object *o);

static const struct template_list *list_of(struct arena *a, struct json_object *items)
{
    struct template_list *list = ARENA_NEW(a, struct template_list);
    size_t n = json_object_array_length(items);
    const struct template_value **rows = (const struct template_value **)arena_array(a, n + 1, sizeof(*rows));
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(items, i);
        if (json_object_is_type(item, json_type_object)) {
            rows[list->count++] = values_of(a, item);
        }
    }
    list->rows = rows;
    return list;
}

/* Numbers and the like are no texts, so they are not there. */
static const struct template_value *values_of(struct arena *a, struct json_object *o)
{
    struct template_value *values =
        ARENA_ARRAY(a, struct template_value, (size_t)json_object_object_length(o) + 1);
    size_t n = 0;
    json_object_object_foreach(o, name, member)
    {
        values[n].name = name;
        if (json_object_is_type(member, json_type_string)) {
            values[n].text =
                (struct str){ json_object_get_string(member), (size_t)json_object_get_string_len(member) };
        } else if (json_object_is_type(member, json_type_array)) {
            values[n].list = list_of(a, member);
        }
        n++;
    }
    return values;
}

/* ---- templates ---- */

/* A line that only opens or ends a section is none of the text. */
static bool is_section_line(struct str line)
{
    line = str_trim(line);
    return line.n > 4 && str_starts(line, STR("{{")) && strchr("?^#/", line.p[2]) &&
           memmem(line.p, line.n, "}}", 2) == line.p + line.n - 2;
}

/* {{>name}} is replaced by name.txt of the same language. */
static bool add_part(struct reading *r, struct buf *out, struct str text, const char *language, int depth)
{
    struct str line;
    while (text.n > 0 && str_split(&text, '\n', &line)) {
        struct str bare = str_trim(line);
        if (str_starts(bare, STR("{{>")) && bare.n > 5) {
            const char *name = arena_strdup(r->arena, (struct str){ bare.p + 3, bare.n - 5 });
            struct str part = strchr(name, '/') ? STR_NONE : find_in(r, language, name, ".txt");
            if (!part.p || depth == NESTING_MAX) {
                return fault(r, "no template", name, NULL);
            }
            if (!add_part(r, out, part, language, depth + 1)) {
                return false;
            }
        } else if (is_section_line(line)) {
            buf_adds(out, bare);
        } else {
            buf_adds(out, line);
            buf_addc(out, '\n');
        }
    }
    return true;
}

/* A layout around it: what stands in the layout's {{content}}. */
static struct str wrapped(struct reading *r, struct str layout, struct str content)
{
    static const char mark[] = "{{content}}";
    const char *at = layout.p ? memmem(layout.p, layout.n, mark, sizeof(mark) - 1) : NULL;
    if (!at) {
        return content;
    }
    size_t before = (size_t)(at - layout.p);
    struct str after = str_skip(layout, before + sizeof(mark) - 1);
    return str_from(arena_printf(r->arena, STR_FMT STR_FMT STR_FMT, (int)before, layout.p, STR_ARG(content),
                                 STR_ARG(after)));
}

/* A line with nothing but a link becomes one to click on. */
static bool add_link_line(struct buf *out, struct str line)
{
    bool tag = line.n > 4 && str_starts(line, STR("{{")) && line.p[line.n - 1] == '}';
    struct str name = tag ? (struct str){ line.p + 2, line.n - 4 } : STR_NONE;
    if (!tag || !(str_eqz(name, "link") || str_eqz(name, "unsubscribe"))) {
        return false;
    }
    buf_printf(out, "<a href=\"{{" STR_FMT "|url}}\">{{" STR_FMT "}}</a>", STR_ARG(name), STR_ARG(name));
    return true;
}

/* The text as a template of HTML: its own characters are escaped here, its values when it is rendered. */
static struct str html_of_text(struct reading *r, struct str text)
{
    struct buf out;
    struct str line;
    bool fresh = true;
    buf_init(&out, MAIL_MAX);
    buf_addz(&out, "<p>");
    while (text.n > 0 && str_split(&text, '\n', &line)) {
        if (line.n == 0) {
            buf_addz(&out, fresh ? "" : "</p>\n<p>");
            fresh = true;
            continue;
        }
        buf_addz(&out, fresh ? "" : "<br>\n");
        if (!add_link_line(&out, line)) {
            (void)template_write_html(&out, line, STR_NONE, NULL);
        }
        fresh = false;
    }
    buf_addz(&out, "</p>");
    struct str html = arena_str(r->arena, buf_str(&out));
    buf_free(&out);
    return html;
}

/* ---- together ---- */

static bool run(struct reading *r, struct str template, const struct template_kind *kind,
                const struct template_values *values, const char *topic, struct str *out)
{
    struct buf text;
    buf_init(&text, MAIL_MAX);
    const char *rule = template_render(&text, template, values, kind, r);
    rule = !rule && text.overflow ? "a mail is shorter" : rule;
    *out = rule ? STR_NONE : arena_str(r->arena, text.n > 0 ? buf_str(&text) : STR(""));
    buf_free(&text);
    return rule ? fault(r, "template", topic, rule) : true;
}

static bool assemble(struct reading *r, struct str raw, const char *language, struct str *out)
{
    struct buf text;
    buf_init(&text, MAIL_MAX);
    bool ok = add_part(r, &text, raw, language, 0);
    *out = arena_str(r->arena, text.n > 0 ? buf_str(&text) : STR(""));
    buf_free(&text);
    return ok;
}

static bool one_line(struct reading *r, const char *topic, const char *language,
                     const struct template_values *values, struct str *out)
{
    struct str subject = find_in(r, language, topic, ".subject");
    if (!run(r, str_trim((struct str){ subject.p, strcspn(arena_strdup(r->arena, subject), "\r\n") }),
             &text_kind, values, topic, out)) {
        return false;
    }
    size_t n = out->n > SUBJECT_MAX ? SUBJECT_MAX : out->n;
    while (n < out->n && ((unsigned char)out->p[n] & 0xC0) == 0x80) { /* not within a character */
        n--;
    }
    out->n = n;
    return true;
}

static bool both_bodies(struct reading *r, const char *topic, const char *language,
                        const struct template_values *values, struct mail_text *out)
{
    struct str raw = find_in(r, language, topic, ".txt"), html = find_in(r, language, topic, ".html");
    struct str body, text;
    if (!raw.p) {
        return fault(r, "no template", topic, ".txt is missing");
    }
    if (!assemble(r, raw, language, &body) ||
        !assemble(r, wrapped(r, find_in(r, language, "layout", ".txt"), raw), language, &text)) {
        return false;
    }
    html = wrapped(r, find_in(r, language, "layout", ".html"), html.p ? html : html_of_text(r, body));
    return run(r, text, &text_kind, values, topic, &out->text) &&
           run(r, html, &html_kind, values, topic, &out->html);
}

/* Everything that is there for one mail; `bodies` NULL: only its subject. */
static bool render(struct reading *r, const struct mail_wanted *w, struct str *subject,
                   struct mail_text *bodies)
{
    struct mail_address from;
    const struct mail_topic *topic = mail_topic_find(w->topic);
    struct json_object *payload = document_read(r->arena, w->payload);
    if (!topic || !payload) {
        return fault(
            r, topic ? "the payload is no object:" : "no such mail:", arena_strdup(r->arena, w->topic), NULL);
    }
    choose_languages(r, w->language);
    const char *language = language_of(r, topic->name);
    if (!language) {
        return fault(r, "no template", topic->name, NULL);
    }
    read_speech(r, language);
    bool named = mail_from(r->options, &from) && from.name[0];
    struct template_value common[] = {
        { "site", named ? arena_str(r->arena, str_from(from.name)) : str_from(r->options->totp_issuer),
          NULL },
        { "site_url", str_from(r->options->public_url), NULL },
        { "unsubscribe", w->unsubscribe, NULL },
        { "subject", STR_NONE, NULL },
        TEMPLATE_END
    };
    struct template_values outer = { common, NULL };
    struct template_values values = { values_of(r->arena, payload), &outer };
    if (!one_line(r, topic->name, language, &values, subject)) {
        return false;
    }
    common[3].text = *subject;
    return !bodies || both_bodies(r, topic->name, language, &values, bodies);
}

bool mail_render(struct arena *a, const struct options *o, const struct mail_wanted *w, struct mail_text *out,
                 char why[MAIL_WHY_SIZE])
{
    struct reading r = { .arena = a, .options = o, .why = why };
    return render(&r, w, &out->subject, out);
}

bool mail_render_subject(struct arena *a, const struct options *o, const struct mail_wanted *w,
                         struct str *out, char why[MAIL_WHY_SIZE])
{
    struct reading r = { .arena = a, .options = o, .why = why };
    return render(&r, w, out, NULL);
}

struct str mail_link(struct arena *a, const struct options *o, const char *path)
{
    struct str base = str_from(o->account_url[0] ? o->account_url : o->public_url);
    while (base.n > 0 && base.p[base.n - 1] == '/') {
        base.n--;
    }
    return str_from(arena_printf(a, STR_FMT "%s", STR_ARG(base), path));
}
