/* What ps shows: the arguments of the process are overwritten in place, its environment is moved away first.
 */
#ifndef NEXUS_BASE_TITLE_H
#define NEXUS_BASE_TITLE_H

/*
 * Remember where the arguments lie and make room. Call once, first thing in main, before anybody keeps
 * pointers into argv or environ. Returns a copy of argv that stays valid; the process never frees it.
 */
char **title_init(int argc, char **argv);
/* `name` is the short one (15 characters) of top and pstree; the other, as "nexus-api: worker 3", may be cut.
 */
void title_set(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
