/*
 * tests/unit/mudgen/mud_case.h -- a small edit of data/mud/valid.json and the findings it brings.
 */
#pragma once

#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "mudgen/mudgen.h"
#include "tests/support/testing.h"

struct mud_case {
    const char *name;
    const char *find; /* its first occurrence is replaced */
    const char *replace;
    const char *expected; /* "SEVERITY ID AT" lines in order of place; "" for none */
    enum mud_origin origin;
};

#define FOREIGN MUD_FOREIGN
#define OURS    MUD_OURS

static struct mud_validator *validator;

static inline int make_validator(void **state)
{
    (void)state;
    return mud_validator_new(&validator);
}

static inline int free_validator(void **state)
{
    (void)state;
    mud_validator_free(validator);
    return 0;
}

/* Findings as the lines of `expected`. */
static inline void list_findings(struct diags *d, struct buf *out)
{
    diags_sort(d);
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        buf_printf(out, "%s %s %s\n", severity_text(g->severity), g->rule->id,
                   g->at == NULL ? "-" : g->at);
    }
}

static inline void check_text(const char *name, struct bytes text, enum mud_origin origin,
                              const char *expected)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf seen = {0};
    int err = mud_validate(validator, "file.json", text, origin, d);
    list_findings(d, &seen);
    if (strcmp(buf_str(&seen), expected) != 0)
        fail_msg("%s:\nexpected\n%sgot\n%s", name, expected, buf_str(&seen));
    assert_int_equal(err, strstr(expected, "error ") != NULL ? ERR_FINDINGS : ERR_OK);
    /* the verdict does not hang on somebody wanting the findings */
    assert_int_equal(mud_validate(validator, "file.json", text, origin, NULL), err);
}

static inline void check_case(const struct mud_case *c)
{
    AUTO(buf) struct buf valid = {0};
    AUTO(buf) struct buf edited = {0};
    assert_int_equal(file_read(test_data("mud/valid.json"), 1 << 20, &valid), 0);
    const char *text = buf_str(&valid);
    const char *at = strstr(text, c->find);
    if (at == NULL)
        fail_msg("%s: %s is not in valid.json", c->name, c->find);
    buf_add(&edited, text, (size_t)(at - text));
    buf_add_str(&edited, c->replace);
    buf_add_str(&edited, at + strlen(c->find));
    check_text(c->name, buf_bytes(&edited), c->origin, c->expected);
}
