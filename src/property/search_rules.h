/* Geometry of searches; pure. Degrees of WGS 84, kilometres on a sphere of the earth's mean radius. */
#ifndef NEXUS_PROPERTY_SEARCH_RULES_H
#define NEXUS_PROPERTY_SEARCH_RULES_H

#include <stdbool.h>
#include <stddef.h>

#define EARTH_RADIUS_KM 6371.0088 /* IUGG mean radius; the same number is in the SQL of distances */
#define SEARCH_AREA_MAX 2
/* Above so many square degrees an area is checked row by row in the order of the list instead of being looked
 * up: a look-up would fetch and sort too many rows. */
#define SEARCH_WIDE 25.0

struct geo_box {
    double west, south, east, north; /* west <= east */
};

/* One box, or two when the area crosses the antimeridian. */
struct search_area {
    size_t count;
    struct geo_box box[SEARCH_AREA_MAX];
};

/* west > east crosses the antimeridian. All within -180..180 and -90..90, south <= north. */
struct search_area search_area_of_box(double west, double south, double east, double north);

/* The smallest boxes that hold every point within `radius` km. Around a pole they hold all longitudes. */
struct search_area search_area_around(double lat, double lng, double radius);

/* Too large to look up, see SEARCH_WIDE. */
bool search_area_is_wide(const struct search_area *area);

#endif
