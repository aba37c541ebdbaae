/* How the lines of a quote look, for documentation: they come out of the database as JSON. */
#include "pricing/pricing.h"

#include "json/shape.h"

/* The schema every amount in an answer has. */
static const struct shape money = { .name = "Money" };

static const struct shape_field line_fields[] = {
    { .name = "kind",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What is paid for.",
      .example = "\"accommodation\"" },
    { .name = "description",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "The same for people.",
      .example = "\"3 nights\"" },
    { .name = "quantity", .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = "How many.", .example = "3" },
    { .name = "unit_amount",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "Price of one.",
      .example = "{\"amount\":12900,\"currency\":\"USD\"}" },
    { .name = "amount",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "quantity times unit_amount.",
      .example = "{\"amount\":38700,\"currency\":\"USD\"}" },
    { .name = "payee",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Whose it is, or who bears it: host, platform or tax.",
      .example = "\"host\"" },
    { .name = "included",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "A tax that other lines contain: shown, not added.",
      .example = "false" },
    { .name = "display_amount",
      .type = SHAPE_OBJECT,
      .sub = &money,
      .doc = "amount in the currency asked for.",
      .example = "{\"amount\":35400,\"currency\":\"EUR\"}" },
};

static const struct shape line = {
    .name = "QuoteLine",
    .fields = line_fields,
    .count = SHAPE_COUNT(line_fields),
    .doc = "A part of a price.",
};

static const struct shape_field line_item = { .type = SHAPE_OBJECT, .sub = &line };
const struct shape_field quote_lines_shape = {
    .name = "lines", .type = SHAPE_LIST, .item = &line_item, .doc = "What the total is made of."
};
static const struct shape_field host_lines = {
    .name = "host_lines", .type = SHAPE_LIST, .item = &line_item, .doc = "What host_total is made of."
};

static const struct shape_field age_item = { .type = SHAPE_INT };
static const struct shape_field ages = { .name = "child_ages",
                                         .type = SHAPE_LIST,
                                         .item = &age_item,
                                         .doc = "Ages of the children.",
                                         .example = "[9]" };

static const struct shape_field display_fields[] = {
    { .name = "total",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "total in that currency.",
      .example = "{\"amount\":35400,\"currency\":\"EUR\"}" },
    { .name = "rate",
      .type = SHAPE_NUMBER,
      .flags = SHAPE_REQUIRED,
      .doc = "Units of it for one of the property's currency.",
      .example = "0.9147" },
    { .name = "as_of",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Time of the rate.",
      .example = "\"2027-04-30T15:00:00Z\"" },
};
static const struct shape display_shape = { .name = "QuoteDisplay",
                                            .fields = display_fields,
                                            .count = SHAPE_COUNT(display_fields),
                                            .doc = "A price in another currency." };
static const struct shape_field display = { .name = "display",
                                            .type = SHAPE_OBJECT,
                                            .flags = SHAPE_NULLABLE,
                                            .sub = &display_shape,
                                            .doc = "The price in the currency asked for." };

const struct field_json quote_lines_json[] = { { "lines", &quote_lines_shape }, { NULL, NULL } };
const struct field_json quote_json[] = { { "lines", &quote_lines_shape },
                                         { "host_lines", &host_lines },
                                         { "child_ages", &ages },
                                         { "display", &display },
                                         { NULL, NULL } };
