#include "signer/rules_files.h"
#include "signer/rules_parent.h"
#include "signer/rules_sign.h"
#include "signer/rules_verify.h"
#include "signer/signer.h"

#define SIGNER_RULES(X) SIGN_RULES(X) KEY_FILE_RULES(X) VERIFY_RULES(X) PARENT_RULES(X)

DIAG_RULES_DEFINE(signer_rules, SIGNER_RULES)
