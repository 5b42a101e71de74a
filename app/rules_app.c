#include "app/rules_app.h"

DIAG_RULES_DEFINE(app_rules, APP_RULES)
