/* Geometry of searches. */
#include "property/search_rules.h"

#include <math.h>

#define DEGREES (180.0 / M_PI)

struct search_area search_area_of_box(double west, double south, double east, double north)
{
    if (west <= east) {
        return (struct search_area){ 1, { { west, south, east, north } } };
    }
    return (struct search_area){ 2, { { west, south, 180.0, north }, { -180.0, south, east, north } } };
}

static double wrapped(double lng)
{
    return lng < -180.0 ? lng + 360.0 : lng > 180.0 ? lng - 360.0 : lng;
}

struct search_area search_area_around(double lat, double lng, double radius)
{
    double angle = radius / EARTH_RADIUS_KM;
    double south = lat - angle * DEGREES, north = lat + angle * DEGREES;
    if (south <= -90.0 || north >= 90.0) {
        return search_area_of_box(-180.0, fmax(south, -90.0), 180.0, fmin(north, 90.0));
    }
    /* Where a meridian touches the circle; wider than angle / cos(lat), which is too narrow on the poleward
     * side. */
    double half = asin(fmin(1.0, sin(angle) / cos(lat / DEGREES))) * DEGREES;
    if (half >= 180.0) {
        return search_area_of_box(-180.0, south, 180.0, north);
    }
    return search_area_of_box(wrapped(lng - half), south, wrapped(lng + half), north);
}

bool search_area_is_wide(const struct search_area *area)
{
    double size = 0;
    for (size_t i = 0; i < area->count; i++) {
        size += (area->box[i].east - area->box[i].west) * (area->box[i].north - area->box[i].south);
    }
    return size > SEARCH_WIDE;
}
