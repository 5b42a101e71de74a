/*
 * mudgen/announce.h -- the announcement in the DNS, and the part of it that can be known without
 * documents.
 */
#pragma once

#include "mudgen/listing.h"
#include "mudgen/mudgen.h"

/* Do all names of the announcement fit into 255 octets? Those that don't are findings. */
int announce_names_check(const struct inventory *inv, const struct listing *listing,
                         struct diags *diags) MUST_USE;

struct announce_source {
    const struct mud_output *out;
    const uint8_t *signer_spki; /* SHA-256; NULL in a draft: not known, no SMIMEA record */
    const uint8_t (*https_spki)[32];
    size_t https_spki_n;
    bool draft; /* OUT has no digests, dates and serial: any TXT record of ours in the zone fits */
};

/* mud_announce (mudgen.h), from any source. */
int announce_zone(const struct inventory *inv, const struct announce_source *from,
                  const struct zone *zone, struct records *ret, struct diags *diags) MUST_USE;
