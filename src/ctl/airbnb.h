/* What Inside Airbnb publishes: its columns, and its words in terms of our vocabulary. */
#ifndef NEXUS_CTL_AIRBNB_H
#define NEXUS_CTL_AIRBNB_H

#include "base/str.h"

/* "Entire rental unit" -> "apartment"; "other" when nothing fits. */
const char *airbnb_kind(struct str property_type);
/* "Entire home/apt" -> "entire_home"; NULL when it is none of the four. */
const char *airbnb_room_type(struct str room_type);
/* "Free dryer – In unit" -> "dryer"; NULL when we have no such amenity. */
const char *airbnb_amenity(struct str amenity);
/* Halves of bathrooms in "1.5 shared baths" or "Half-bath"; 2 when it does not say. */
int airbnb_bathrooms(struct str text);

#endif
