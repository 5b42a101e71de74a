#include "publish/rules.h"

#include "publish/publish.h"

DIAG_RULES_DEFINE(publish_rules, PUBLISH_RULES)
