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
};

static const struct shape line = {
    .name = "QuoteLine",
    .fields = line_fields,
    .count = SHAPE_COUNT(line_fields),
    .doc = "A part of a price.",
};

static const struct shape_field line_item = { .type = SHAPE_OBJECT, .sub = &line };
static const struct shape_field lines = {
    .name = "lines", .type = SHAPE_LIST, .item = &line_item, .doc = "What the total is made of."
};

const struct field_json quote_lines_json[] = { { "lines", &lines }, { NULL, NULL } };
