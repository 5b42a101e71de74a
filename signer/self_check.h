/*
 * signer/self_check.h -- how each new signature is checked before it may be published (DESIGN trust
 * rule 3; docs/decisions/0009-bulk-signing.md says why `new` is enough).
 */
#pragma once

enum self_check {
    SELF_CHECK_NEW,  /* by the cheapest proof that there is for the algorithm: the verification
                        equation with the private key put in, or a second signature, each with a
                        sample by public key in another library; or the public key */
    SELF_CHECK_FULL, /* each by the public key */
    SELF_CHECK_OFF   /* not at all: for measuring only */
};
