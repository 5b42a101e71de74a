/*
 * mudgen/cms.h -- the insides of CMS signing that mud_build needs beyond mudgen.h.
 */
#pragma once

#include "mudgen/mudgen.h"

/* Does P7S, made earlier, still serve: signed by this signer over DATA, with its certificates in
 * it? */
bool cms_still_fits(const struct cms_signer *s, struct bytes p7s, struct bytes data);
