#include "mudgen/mudgen.h"
#include "mudgen/rules.h"
#include "mudgen/rules_docs.h"

#define MUDGEN_RULES(X) DOC_RULES(X) MUD_RULES(X)

DIAG_RULES_DEFINE(mudgen_rules, MUDGEN_RULES)
