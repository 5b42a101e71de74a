/*
 * common/diag.h -- findings: what the user must know or act on.
 *
 * A rule has a stable id, a usual severity, the source that asks for it, and what it expects; each
 * module lists its rules once (DIAG_RULES below) and `mudzone check --list-rules` prints them all.
 * A finding is a rule met at a place. Findings are collected, not thrown: a stage adds all it
 * finds and then fails once.
 *
 *     diag_add(d, &rule_ttl_low, AT_LINE(file, 14), "cam.example. AAAA", "TTL %u", 30);
 *     diag_expect(d, "at least %u", 60);
 *
 * prints  dev.zone:14: error: cam.example. AAAA: TTL 30; expected at least 60 [ttl-low] (INVENTORY
 * ttl-policies)
 *
 * Errors: running out of memory or over LIMIT_FINDINGS keeps the counts right and drops the text.
 * `struct diags *` may be NULL everywhere. Owns all its strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/own.h"

enum severity { SEV_NOTE, SEV_WARNING, SEV_ERROR, SEV_COUNT };

struct diag_rule {
    const char *id; /* [a-z0-9-], never reused for something else */
    enum severity severity;
    const char *source;   /* "RFC 1034 s3.6.2", "INVENTORY", "DESIGN 10.1" */
    const char *expected; /* what holds when the rule is kept: "exactly one SOA, at the apex" */
};

/*
 * A module's rules are one X-macro LIST(X) with lines X(c_name, "id", SEV_x, "source", "expected").
 * DIAG_RULES_DECLARE(LIST) goes into its header, DIAG_RULES_DEFINE(array, LIST) into one .c file:
 * it makes `rule_<c_name>` for each, and the NULL-terminated `array`.
 */
#define DIAG_RULE_DECLARE_(name, id, sev, src, exp) extern const struct diag_rule rule_##name;
#define DIAG_RULE_DEFINE_(name, id, sev, src, exp)                                                 \
    const struct diag_rule rule_##name = {id, sev, src, exp};
#define DIAG_RULE_LIST_(name, id, sev, src, exp) &rule_##name,
#define DIAG_RULES_DECLARE(LIST)                 LIST(DIAG_RULE_DECLARE_)
#define DIAG_RULES_DEFINE(array, LIST)                                                             \
    LIST(DIAG_RULE_DEFINE_)                                                                        \
    const struct diag_rule *const array[] = {LIST(DIAG_RULE_LIST_) NULL};

struct diag_where {
    const char *file; /* NULL when no file is to blame */
    uint32_t line;    /* 1-based, 0 unknown */
    uint32_t column;  /* 1-based, 0 unknown */
};
#define AT_NOWHERE         ((struct diag_where){0})
#define AT_FILE(f)         ((struct diag_where){(f), 0, 0})
#define AT_LINE(f, l)      ((struct diag_where){(f), (uint32_t)(l), 0})
#define AT_COLUMN(f, l, c) ((struct diag_where){(f), (uint32_t)(l), (uint32_t)(c)})

struct diag {
    const struct diag_rule *rule;
    enum severity severity;
    char *file; /* or NULL */
    uint32_t line;
    uint32_t column;
    char *at;       /* "owner TYPE", a JSON pointer, a YANG path; or NULL */
    char *found;    /* what was found */
    char *expected; /* what was expected; NULL: the rule's */
};

struct diags;

struct diags *diags_new(void);
void diags_free(struct diags *d);
DEFINE_AUTO_PTR(diags)

/* AT may be NULL. FMT says what was found. */
void diag_add(struct diags *d, const struct diag_rule *rule, struct diag_where where,
              const char *at, const char *fmt, ...) PRINTF(5, 6);

/* The same with another severity than the rule's (a policy's mode decides). */
void diag_add_as(struct diags *d, enum severity severity, const struct diag_rule *rule,
                 struct diag_where where, const char *at, const char *fmt, ...) PRINTF(6, 7);

/* What the finding just added expected, instead of the rule's general words. */
void diag_expect(struct diags *d, const char *fmt, ...) PRINTF(2, 3);

/* All findings of FROM behind those of D; FROM is empty then. For work that several threads do,
   each with findings of its own. */
void diags_move(struct diags *d, struct diags *from);

size_t diags_n(const struct diags *d);                             /* kept findings */
size_t diags_count(const struct diags *d, enum severity severity); /* met, kept or dropped */
size_t diags_dropped(const struct diags *d);
const struct diag *diags_at(const struct diags *d, size_t i); /* borrowed */

/* Stable order: file, line, column, then as added; findings without a file come last. */
void diags_sort(struct diags *d);

/* Warnings become errors (--strict). */
void diags_promote_warnings(struct diags *d);

const char *severity_text(enum severity severity);

struct buf;
/* One line without newline in the printed form above. */
void diag_print(const struct diag *g, struct buf *out);
