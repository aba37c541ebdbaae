/*
 * Names of time zones. tzdata.zi is the IANA database as one text file: a line "Z NAME ..." starts a zone and
 * "L TARGET NAME" is a link. Reading it once is quicker than looking at files, and no name from outside ever
 * becomes a path.
 */
#include "json/format.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ZONES_FILE "/usr/share/zoneinfo/tzdata.zi"
#define ZONES_MAX  2000
#define NAME_SIZE  48

static struct zones {
    bool loaded;
    size_t count;
    char (*names)[NAME_SIZE]; /* sorted; kept for the life of the process */
} zones;

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The name a line defines, absent when it defines none. */
static struct str line_name(struct str line)
{
    struct str word, name = STR_NONE;
    if (!str_starts(line, STR("Z ")) && !str_starts(line, STR("L "))) {
        return name;
    }
    bool link = line.p[0] == 'L';
    line = str_skip(line, 2);
    for (int i = 0; i <= link && str_split(&line, ' ', &word); i++) {
        name = word;
    }
    return name;
}

static void add_name(struct str name)
{
    /* "Factory" stands for a clock that nobody has set. */
    if (name.n == 0 || name.n >= NAME_SIZE || zones.count == ZONES_MAX || str_eqz(name, "Factory")) {
        return;
    }
    char *to = zones.names[zones.count++];
    memcpy(to, name.p, name.n);
    to[name.n] = '\0';
}

static void load(void)
{
    zones.loaded = true;
    FILE *in = fopen(ZONES_FILE, "re");
    if (!in) {
        LOG(LOG_ERROR, "no time zone is known: install tzdata", LOG_TEXT("file", ZONES_FILE),
            LOG_TEXT("reason", strerror(errno)));
        return;
    }
    char line[512];
    zones.names = calloc(ZONES_MAX, sizeof(*zones.names));
    while (zones.names && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        add_name(line_name(str_from(line)));
    }
    fclose(in);
    if (zones.count > 0) {
        qsort(zones.names, zones.count, sizeof(*zones.names), compare);
    }
}

bool timezone_exists(struct str name)
{
    char key[NAME_SIZE];
    if (name.n == 0 || name.n >= sizeof(key) || memchr(name.p, '\0', name.n)) {
        return false;
    }
    memcpy(key, name.p, name.n);
    key[name.n] = '\0';
    if (!zones.loaded) {
        load();
    }
    return zones.count > 0 && bsearch(key, zones.names, zones.count, sizeof(*zones.names), compare) != NULL;
}
