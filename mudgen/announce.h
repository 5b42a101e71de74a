/*
 * mudgen/announce.h -- the part of the announcement that can be known without documents.
 */
#pragma once

#include "mudgen/listing.h"

/* Do all names of the announcement fit into 255 octets? Those that don't are findings. */
int announce_names_check(const struct inventory *inv, const struct listing *listing,
                         struct diags *diags) MUST_USE;
