/* Bytes to libfyaml nodes, with everything that is wrong with them as findings. */
#include <string.h>

#include <libfyaml.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "zones/inventory_int.h"

/* ------------------------------------------------------------------ bytes */

static bool is_control(uint8_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/* libfyaml takes a NUL or a broken character for the end of the text, without a word: look first.
 */
static bool bytes_are_text(struct inv_ctx *ctx, const char *file, const char *text, size_t len)
{
    uint32_t line = 1, column = 1;
    const uint8_t *p = (const uint8_t *)text;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_len(p + i, len - i);
        if (n == 0 || (n == 1 && is_control(p[i]))) {
            MALFORMED(ctx, &rule_inv_encoding, AT_COLUMN(file, line, column), NULL,
                      n == 0 ? "byte 0x%02x is not UTF-8" : "control character 0x%02x", p[i]);
            return false;
        }
        column = p[i] == '\n' ? 1 : column + 1;
        line += p[i] == '\n';
        i += n;
    }
    return true;
}

/* ------------------------------------------------------------------ documents */

static bool is_json_name(const char *file)
{
    size_t len = strlen(file);
    return len >= 5 && strcmp(file + len - 5, ".json") == 0;
}

static void report_errors(struct inv_ctx *ctx, const struct yaml_doc *d)
{
    void *iter = NULL;
    const struct fy_diag_error *e;
    bool any = false;
    while ((e = fy_diag_errors_iterate(d->diag, &iter)) != NULL) {
        MALFORMED(ctx, &rule_inv_syntax, AT_COLUMN(d->file, e->line, e->column), NULL, "%s",
                  e->msg);
        any = true;
    }
    if (!any)
        MALFORMED(ctx, &rule_inv_syntax, AT_FILE(d->file), NULL, "not a YAML document");
}

static int parser_open(struct yaml_doc *d, const char *text, size_t len)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.level = FYET_ERROR;
    d->diag = fy_diag_create(&diag_cfg);
    if (d->diag == NULL)
        return ERR_NOMEM;
    fy_diag_set_collect_errors(d->diag, true);
    /* libfyaml finds duplicate keys in quadratic time; schema_add finds them itself. Aliases stay
       aliases (no RESOLVE_DOCUMENT), so that they are followed under a limit. */
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS |
                 (is_json_name(d->file) ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE),
        .diag = d->diag,
    };
    d->parser = fy_parser_create(&cfg);
    if (d->parser == NULL)
        return ERR_NOMEM;
    return fy_parser_set_string(d->parser, text, len) == 0 ? 0 : ERR_NOMEM;
}

static bool has_errors(const struct yaml_doc *d)
{
    return fy_parser_get_stream_error(d->parser) || fy_diag_got_error(d->diag);
}

/* A second document would be ignored in silence: nobody means that. */
static bool is_single(struct inv_ctx *ctx, struct yaml_doc *d)
{
    struct fy_document *second = fy_parse_load_document(d->parser);
    if (second != NULL) {
        struct diag_where where = yaml_where(d, fy_document_root(second), AT_FILE(d->file));
        MALFORMED(ctx, &rule_inv_documents, where, NULL, "a second document starts here");
        fy_parse_document_destroy(d->parser, second);
        return false;
    }
    if (!has_errors(d))
        return true;
    report_errors(ctx, d);
    return false;
}

int yaml_open(struct inv_ctx *ctx, const char *file, const char *text, size_t len,
              struct yaml_doc *ret)
{
    AUTO(yaml_doc) struct yaml_doc d = {.file = file};
    if (!bytes_are_text(ctx, file, text, len))
        return 0;
    int err = parser_open(&d, text, len);
    if (err != 0)
        return err;
    d.doc = fy_parse_load_document(d.parser);
    if (d.doc == NULL) {
        if (has_errors(&d))
            report_errors(ctx, &d);
        else
            MALFORMED(ctx, &rule_inv_empty, AT_FILE(file), NULL, "nothing in the file");
        return 0;
    }
    if (!is_single(ctx, &d))
        return 0;
    *ret = d;
    d = (struct yaml_doc){0};
    return 0;
}

void yaml_doc_done(struct yaml_doc *d)
{
    if (d == NULL)
        return;
    if (d->doc != NULL)
        fy_parse_document_destroy(d->parser, d->doc);
    if (d->parser != NULL)
        fy_parser_destroy(d->parser);
    if (d->diag != NULL)
        fy_diag_destroy(d->diag);
    *d = (struct yaml_doc){0};
}

/* ------------------------------------------------------------------ nodes */

struct fy_node *yaml_root(const struct yaml_doc *d)
{
    return fy_document_root(d->doc);
}

static bool is_null_word(const char *text, size_t len)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
            return true;
    }
    return false;
}

enum yaml_kind yaml_kind(struct fy_node *node)
{
    if (node == NULL)
        return YAML_NULL;
    switch (fy_node_get_type(node)) {
    case FYNT_SEQUENCE: return YAML_LIST;
    case FYNT_MAPPING: return YAML_MAP;
    case FYNT_SCALAR: break;
    }
    size_t len = 0;
    const char *text = fy_node_get_scalar(node, &len);
    if (text == NULL)
        return YAML_NULL;
    bool plain = fy_node_get_style(node) == FYNS_PLAIN || fy_node_get_style(node) == FYNS_ANY;
    return plain && is_null_word(text, len) ? YAML_NULL : YAML_TEXT;
}

const char *yaml_kind_text(enum yaml_kind kind)
{
    switch (kind) {
    case YAML_NULL: return "nothing";
    case YAML_TEXT: return "a single value";
    case YAML_LIST: return "a list";
    case YAML_MAP: return "keys and values";
    }
    return "?";
}

static bool count_node(struct inv_ctx *ctx, struct diag_where where)
{
    if (ctx->nodes > LIMIT_INVENTORY_NODES)
        return false; /* reported before */
    if (++ctx->nodes <= LIMIT_INVENTORY_NODES)
        return true;
    MALFORMED(ctx, &rule_inv_limit, where, NULL, "the inventory has too many values");
    diag_expect(ctx->diags, "at most %u, aliases followed", LIMIT_INVENTORY_NODES);
    return false;
}

/* Values are text here, whatever YAML calls them; a tag that would change them is refused. */
static bool tag_is_fine(struct inv_ctx *ctx, struct fy_node *node, struct diag_where where)
{
    static const char *const core[] = {"str", "int", "float", "bool", "null", "seq", "map"};
    static const char prefix[] = "tag:yaml.org,2002:";
    size_t len = 0;
    const char *tag = fy_node_get_tag(node, &len);
    if (tag == NULL || len == 0)
        return true;
    size_t head = sizeof(prefix) - 1;
    for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
        if (len == head + strlen(core[i]) && memcmp(tag, prefix, head) == 0 &&
            memcmp(tag + head, core[i], len - head) == 0)
            return true;
    }
    MALFORMED(ctx, &rule_inv_tag, where, NULL, "tag %.*s", (int)(len > 100 ? 100 : len), tag);
    return false;
}

static bool resolve(struct inv_ctx *ctx, struct yaml_doc *d, struct fy_node **node,
                    struct diag_where where)
{
    if (++d->aliases > LIMIT_YAML_ALIASES) {
        if (d->aliases == LIMIT_YAML_ALIASES + 1) {
            MALFORMED(ctx, &rule_inv_alias, where, NULL, "too many aliases");
            diag_expect(ctx->diags, "at most %u aliases in a file", LIMIT_YAML_ALIASES);
        }
        return false;
    }
    *node = fy_node_resolve_alias(*node);
    if (*node != NULL)
        return true;
    MALFORMED(ctx, &rule_inv_alias, where, NULL, "an alias of nothing");
    return false;
}

bool yaml_follow(struct inv_ctx *ctx, struct yaml_doc *d, struct fy_node *node,
                 struct diag_where where, struct fy_node **ret)
{
    if (!count_node(ctx, where))
        return false;
    if (node != NULL && fy_node_is_alias(node) && !resolve(ctx, d, &node, where))
        return false;
    if (node != NULL && !tag_is_fine(ctx, node, where))
        return false;
    *ret = node;
    return true;
}

/* The scalar whose start is the start of NODE: mappings and sequences have no token of their own.
 */
static struct fy_node *first_scalar(struct fy_node *node)
{
    for (unsigned depth = 0; node != NULL && depth < 64 && !fy_node_is_scalar(node); depth++) {
        void *iter = NULL;
        if (fy_node_is_sequence(node))
            node = fy_node_sequence_iterate(node, &iter);
        else
            node = fy_node_pair_key(fy_node_mapping_iterate(node, &iter));
    }
    return node;
}

struct diag_where yaml_where(const struct yaml_doc *d, struct fy_node *node,
                             struct diag_where fallback)
{
    struct fy_node *scalar = first_scalar(node);
    struct fy_token *token = scalar == NULL ? NULL : fy_node_get_scalar_token(scalar);
    const struct fy_mark *mark = token == NULL ? NULL : fy_token_start_mark(token);
    if (mark == NULL || mark->line < 0 || mark->column < 0)
        return fallback;
    enum fy_node_style style = fy_node_get_style(scalar);
    bool has_sign =
        style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED || style == FYNS_ALIAS;
    int column =
        mark->column - (has_sign && mark->column > 0); /* the mark is behind quote and star */
    return AT_COLUMN(d->file, mark->line + 1, column + 1);
}

size_t yaml_text_len(struct fy_node *node)
{
    size_t len = 0;
    return fy_node_get_scalar(node, &len) == NULL ? 0 : len;
}

const char *yaml_text(struct inv_ctx *ctx, struct fy_node *node, size_t *ret_len)
{
    size_t len = 0;
    const char *text = fy_node_get_scalar(node, &len);
    *ret_len = len;
    return arena_strndup(ctx->arena, text == NULL ? "" : text, len);
}
