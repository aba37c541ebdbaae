/* Reading what other sites write: prices, HTML, numbers. Pure functions. */
#ifndef NEXUS_CTL_TEXT_H
#define NEXUS_CTL_TEXT_H

#include "base/buf.h"
#include "base/str.h"

/*
 * "$1,250.00" as minor units of a currency with `exponent` decimals, exactly: an optional currency sign or
 * code, digits with or without commas between thousands, an optional fraction whose digits beyond the
 * exponent are zeros. False for anything else, and for what does not fit the bounds of a price (0 to
 * 100000000000).
 */
bool text_price(struct str s, int exponent, int64_t *out);

/*
 * Append HTML as plain text: <br> becomes a line break, other tags are dropped, the usual entities are
 * resolved, and blanks at the ends of the whole are cut. At most `limit` characters are kept.
 */
void text_from_html(struct str html, size_t limit, struct buf *out);

/* "3.5" as 7; "" or none as -1. Only whole and half numbers below 10000. */
int text_halves(struct str s);

/* "4.87" as hundredths, rounded half up to two decimals; -1 when it is not a number from 0 to 5. */
int text_rating(struct str s);

/* A decimal degree within +-`bound`, rounded to six decimals. */
bool text_degrees(struct str s, double bound, double *out);

/* "inside-airbnb-new-york/" as "New York". */
void text_city(const char *dir, char *out, size_t size);

/* The first `limit` characters of valid UTF-8. */
struct str text_cut(struct str s, size_t limit);

#endif
