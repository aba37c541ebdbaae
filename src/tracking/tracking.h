/*
 * What administrators see of requests and addresses: the log of requests, blocked networks, addresses that
 * were flagged. Workers learn of blocks by the tracker (api/tracker.h).
 */
#ifndef NEXUS_TRACKING_TRACKING_H
#define NEXUS_TRACKING_TRACKING_H

#include "base/address.h"
#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_logged_request, entity_address_block, entity_address_flag;
extern const struct op op_request_list, op_block_list, op_block_read, op_block_create, op_block_delete,
    op_address_flag_list;

#define BLOCK_REASON_MAX 500 /* characters */

/* Whether a network is so small that it may be blocked: IPv4 /8, IPv6 /16 and without the mapped addresses of
 * IPv4. */
bool block_fits(const struct address *first, unsigned prefix);
/* The network for the audit log, which names nobody: a /24 or /48, or the wider one it is. */
void block_vague(struct address *first, unsigned *prefix);
#define NETWORK_TEXT_SIZE (ADDRESS_TEXT_SIZE + 4)
void network_format(char out[NETWORK_TEXT_SIZE], const struct address *first, unsigned prefix);

#endif
