#include "mudgen/jsontree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "mudgen/rules.h"

struct parser {
    struct arena *arena;
    const char *file;
    struct diags *diags;
    const uint8_t *p;
    const uint8_t *end;
    const uint8_t *line_start;
    const uint8_t *mark; /* a place of this line whose column is known */
    uint32_t mark_column;
    uint32_t line;
    uint32_t node_n;
    uint32_t repeated_n;
    unsigned depth;
    int err;
};

/* ------------------------------------------------------------------ places and complaints */

/* Characters from the start of the line, not bytes: what editors count. Counts on from the last
   place asked for, because compact JSON is one long line. */
static uint32_t column_of(struct parser *s, const uint8_t *at)
{
    bool known = s->mark != NULL && s->mark >= s->line_start && s->mark <= at;
    uint32_t column = known ? s->mark_column : 1;
    for (const uint8_t *q = known ? s->mark : s->line_start; q < at; q++)
        column += (*q & 0xc0u) != 0x80u;
    s->mark = at;
    s->mark_column = column;
    return column;
}

static bool fail(struct parser *s, const uint8_t *at, const char *found, const char *expected)
{
    if (s->err == ERR_OK) {
        diag_add(s->diags, &rule_mud_syntax, AT_COLUMN(s->file, s->line, column_of(s, at)), NULL,
                 "%s", found);
        if (expected != NULL)
            diag_expect(s->diags, "%s", expected);
        s->err = ERR_FINDINGS;
    }
    return false;
}

static bool fail_size(struct parser *s, const char *what, unsigned limit)
{
    diag_add(s->diags, &rule_mud_size, AT_COLUMN(s->file, s->line, column_of(s, s->p)), NULL,
             "over %u %s", limit, what);
    s->err = ERR_FINDINGS;
    return false;
}

static bool fail_memory(struct parser *s)
{
    s->err = ERR_NOMEM;
    return false;
}

/* What stands at the cursor where something else should. */
static bool unexpected(struct parser *s, const char *expected)
{
    char found[32];
    if (s->p == s->end)
        return fail(s, s->p, "the text ends early", expected);
    if (*s->p < 0x20 || *s->p >= 0x7f)
        (void)snprintf(found, sizeof(found), "byte 0x%02x", *s->p);
    else
        (void)snprintf(found, sizeof(found), "\"%c\"", *s->p);
    return fail(s, s->p, found, expected);
}

static void skip_space(struct parser *s)
{
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->line_start = s->p + 1;
        } else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
            return;
        }
    }
}

/* ------------------------------------------------------------------ strings */

static char *utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | (c >> 6));
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | (c >> 12));
        } else {
            *out++ = (char)(0xf0 | (c >> 18));
            *out++ = (char)(0x80 | ((c >> 12) & 0x3f));
        }
        *out++ = (char)(0x80 | ((c >> 6) & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* Four hex digits at Q, or UINT32_MAX. */
static uint32_t hex4(const uint8_t *q, const uint8_t *end)
{
    uint8_t two[2];
    char digits[5] = {0};
    if (end - q < 4)
        return UINT32_MAX;
    memcpy(digits, q, 4);
    if (!hex_decode(digits, two, 2))
        return UINT32_MAX;
    return (uint32_t)(two[0] << 8 | two[1]);
}

/* The cursor is on the "u" of an escape; a pair of surrogates is one character. */
static bool unicode_escape(struct parser *s, char **out)
{
    const uint8_t *start = s->p - 1;
    uint32_t c = hex4(s->p + 1, s->end);
    s->p += 5;
    if (c >= 0xd800 && c < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        uint32_t low = hex4(s->p + 2, s->end);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            s->p += 6;
        }
    }
    if (c == UINT32_MAX)
        return fail(s, start, "a malformed \\u escape", "\\u and four hex digits");
    if (c == 0)
        return fail(s, start, "\\u0000", "text without NUL characters");
    if (c >= 0xd800 && c < 0xe000)
        return fail(s, start, "half of a surrogate pair", "both halves, high one first");
    *out = utf8_put(*out, c);
    return true;
}

static bool escape(struct parser *s, char **out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    s->p++;
    if (s->p == s->end)
        return unexpected(s, "an escaped character");
    if (*s->p == 'u')
        return unicode_escape(s, out);
    const char *letter = memchr(letters, *s->p, sizeof(letters) - 1);
    if (letter == NULL)
        return fail(s, s->p - 1, "an unknown escape",
                    "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    *(*out)++ = meant[letter - letters];
    s->p++;
    return true;
}

/* Bytes up to the closing quote: what the decoded text can need at most. */
static size_t string_room(const struct parser *s)
{
    const uint8_t *q = s->p;
    while (q < s->end && *q != '"')
        q += *q == '\\' && s->end - q > 1 ? 2 : 1;
    return (size_t)(q - s->p) + 1;
}

static const char *parse_string(struct parser *s)
{
    const uint8_t *open = s->p++;
    char *text = arena_bytes(s->arena, string_room(s));
    char *out = text;
    if (text == NULL) {
        fail_memory(s);
        return NULL;
    }
    while (s->p < s->end && *s->p != '"') {
        if (*s->p == '\\') {
            if (!escape(s, &out))
                return NULL;
            continue;
        }
        if (*s->p < 0x20) {
            unexpected(s, "control characters in strings to be escaped");
            return NULL;
        }
        size_t len = utf8_len(s->p, (size_t)(s->end - s->p));
        if (len == 0) {
            unexpected(s, "UTF-8");
            return NULL;
        }
        memcpy(out, s->p, len);
        out += len;
        s->p += len;
    }
    if (s->p >= s->end) {
        s->p = s->end;
        fail(s, open, "a string without end", "a closing quote");
        return NULL;
    }
    s->p++;
    *out = 0;
    return text;
}

/* ------------------------------------------------------------------ values */

static bool parse_value(struct parser *s, struct json_node *node);

static struct json_node *new_node(struct parser *s, struct json_node *parent)
{
    if (++s->node_n > LIMIT_MUD_NODES) {
        fail_size(s, "JSON values", LIMIT_MUD_NODES);
        return NULL;
    }
    struct json_node *node = arena_zalloc(s->arena, 1, sizeof(*node));
    if (node == NULL) {
        fail_memory(s);
        return NULL;
    }
    node->parent = parent;
    node->line = s->line;
    node->column = column_of(s, s->p);
    return node;
}

static int by_key(const void *a, const void *b)
{
    const struct json_node *const *x = a;
    const struct json_node *const *y = b;
    int c = strcmp((*x)->key, (*y)->key);
    return c != 0 ? c : (*x)->index < (*y)->index ? -1 : 1;
}

/* False when there have been so many that the rest of the file is not looked at. */
static bool report_repeated(struct parser *s, const struct json_node *m)
{
    const char *at = json_pointer(s->arena, m);
    if (at == NULL)
        return fail_memory(s);
    diag_add(s->diags, &rule_mud_duplicate, json_where(s->file, m), at,
             "the name stands in the object already");
    if (++s->repeated_n < LIMIT_MUD_EXPLAINED)
        return true;
    diag_add(s->diags, &rule_mud_more, AT_FILE(s->file), NULL, "too many errors to look further");
    s->err = ERR_FINDINGS;
    return false;
}

/* Sorted, because a hostile object may have very many members. */
static bool mark_repeated(struct parser *s, struct json_node *object)
{
    if (object->child_n < 2)
        return true;
    AUTO_FREE struct json_node **members = calloc(object->child_n, sizeof(struct json_node *));
    if (members == NULL)
        return fail_memory(s);
    size_t n = 0;
    for (struct json_node *m = object->child; m != NULL; m = m->next)
        members[n++] = m;
    qsort(members, n, sizeof(*members), by_key);
    for (size_t i = 1; i < n; i++)
        members[i]->repeated = strcmp(members[i]->key, members[i - 1]->key) == 0;
    for (struct json_node *m = object->child; m != NULL; m = m->next) {
        if (m->repeated && !report_repeated(s, m))
            return false;
    }
    return true;
}

static bool parse_key(struct parser *s, struct json_node *member)
{
    if (s->p == s->end || *s->p != '"')
        return unexpected(s, "a member name in quotes");
    member->key = parse_string(s);
    if (member->key == NULL)
        return false;
    skip_space(s);
    if (s->p == s->end || *s->p != ':')
        return unexpected(s, "\":\" after the member name");
    s->p++;
    skip_space(s);
    return true;
}

/* Objects and arrays: the cursor is on the opening bracket. */
static bool parse_children(struct parser *s, struct json_node *node)
{
    bool object = node->kind == JSON_NODE_OBJECT;
    uint8_t close = object ? '}' : ']';
    struct json_node **link = &node->child;
    if (++s->depth > LIMIT_JSON_DEPTH)
        return fail(s, s->p, "nesting over 64 levels", "less nesting");
    s->p++;
    skip_space(s);
    while (s->p == s->end || *s->p != close || node->child_n > 0) {
        if (!object && node->child_n == LIMIT_MUD_ENTRIES)
            return fail_size(s, "entries in an array", LIMIT_MUD_ENTRIES);
        struct json_node *child = new_node(s, node);
        if (child == NULL || (object && !parse_key(s, child)) || !parse_value(s, child))
            return false;
        child->index = node->child_n++;
        *link = child;
        link = &child->next;
        skip_space(s);
        if (s->p < s->end && *s->p == close)
            break;
        if (s->p == s->end || *s->p != ',')
            return unexpected(s, object ? "\",\" or \"}\"" : "\",\" or \"]\"");
        s->p++;
        skip_space(s);
    }
    s->p++;
    s->depth--;
    return !object || mark_repeated(s, node);
}

static bool digits(struct parser *s)
{
    const uint8_t *start = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > start || unexpected(s, "a digit");
}

static bool parse_number(struct parser *s)
{
    const uint8_t *start = s->p;
    if (*s->p == '-')
        s->p++;
    const uint8_t *first = s->p;
    if (!digits(s))
        return false;
    if (*first == '0' && s->p - first > 1)
        return fail(s, start, "a number that starts with 0", "no leading zeros");
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!digits(s))
            return false;
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        return digits(s);
    }
    return true;
}

static bool parse_word(struct parser *s, struct json_node *node)
{
    static const struct {
        const char *text;
        enum json_kind kind;
        bool truth;
    } words[] = {{"true", JSON_NODE_BOOLEAN, true},
                 {"false", JSON_NODE_BOOLEAN, false},
                 {"null", JSON_NODE_NULL, false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].text);
        if ((size_t)(s->end - s->p) >= len && memcmp(s->p, words[i].text, len) == 0) {
            node->kind = words[i].kind;
            node->truth = words[i].truth;
            s->p += len;
            return true;
        }
    }
    return unexpected(s, "a JSON value");
}

static bool parse_value(struct parser *s, struct json_node *node)
{
    const uint8_t *start = s->p;
    bool ok;
    if (s->p == s->end)
        return unexpected(s, "a JSON value");
    if (*s->p == '{' || *s->p == '[') {
        node->kind = *s->p == '{' ? JSON_NODE_OBJECT : JSON_NODE_ARRAY;
        ok = parse_children(s, node);
    } else if (*s->p == '"') {
        node->kind = JSON_NODE_STRING;
        node->text = parse_string(s);
        ok = node->text != NULL;
    } else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) {
        node->kind = JSON_NODE_NUMBER;
        ok = parse_number(s);
    } else {
        ok = parse_word(s, node);
    }
    if (ok)
        node->raw = (struct bytes){start, (size_t)(s->p - start)};
    return ok;
}

int json_tree_parse(struct arena *a, const char *file, struct bytes text,
                    const struct json_node **ret, struct diags *diags)
{
    struct parser s = {.arena = a, .file = file, .diags = diags, .line = 1};
    if (text.len > LIMIT_MUD_BYTES) {
        diag_add(diags, &rule_mud_size, AT_FILE(file), NULL, "%zu bytes", text.len);
        return ERR_FINDINGS;
    }
    if (text.len == 0) {
        diag_add(diags, &rule_mud_empty, AT_FILE(file), NULL, "an empty file");
        return ERR_FINDINGS;
    }
    s.p = s.line_start = text.data;
    s.end = text.data + text.len;
    skip_space(&s);
    if (s.p == s.end) {
        diag_add(diags, &rule_mud_empty, AT_FILE(file), NULL, "nothing but blanks");
        return ERR_FINDINGS;
    }
    struct json_node *root = new_node(&s, NULL);
    if (root == NULL || !parse_value(&s, root))
        return s.err;
    skip_space(&s);
    if (s.p != s.end) {
        (void)unexpected(&s, "nothing after the value");
        return s.err;
    }
    *ret = root;
    return ERR_OK;
}

/* ------------------------------------------------------------------ reading the tree */

const struct json_node *json_member(const struct json_node *node, const char *key)
{
    if (node == NULL || node->kind != JSON_NODE_OBJECT)
        return NULL;
    for (const struct json_node *m = node->child; m != NULL; m = m->next) {
        if (strcmp(m->key, key) == 0)
            return m;
    }
    return NULL;
}

/* LEN, or less so that no character of TEXT is cut. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0u) == 0x80)
        len--;
    return len;
}

/* Keys are shown up to here: every finding below a key of megabytes would have a copy of it. */
#define KEY_SHOWN 100

static void pointer_step(struct buf *out, const struct json_node *node)
{
    if (node->key == NULL) {
        buf_printf(out, "/%u", node->index);
        return;
    }
    buf_add_char(out, '/');
    size_t len = strnlen(node->key, KEY_SHOWN + 1);
    bool cut = len > KEY_SHOWN;
    const char *end = node->key + (cut ? whole_characters(node->key, KEY_SHOWN) : len);
    for (const char *p = node->key; p < end; p++) {
        if (*p == '~')
            buf_add_str(out, "~0");
        else if (*p == '/')
            buf_add_str(out, "~1");
        else if ((unsigned char)*p < 0x20 || *p == 0x7f)
            buf_printf(out, "\\u%04x", (unsigned)*p);
        else
            buf_add_char(out, *p);
    }
    if (cut)
        buf_add_str(out, "…");
}

const char *json_pointer(struct arena *a, const struct json_node *node)
{
    AUTO(buf) struct buf out = {0};
    const struct json_node *path[LIMIT_JSON_DEPTH + 1];
    size_t n = 0;
    for (; node != NULL && node->parent != NULL; node = node->parent)
        path[n++] = node;
    while (n > 0)
        pointer_step(&out, path[--n]);
    return buf_ok(&out) ? arena_strdup(a, buf_str(&out)) : NULL;
}

const char *json_excerpt(struct arena *a, const struct json_node *node)
{
    enum { MAX = 60 };
    AUTO(buf) struct buf out = {0};
    size_t len = node->raw.len;
    bool inner = node->kind == JSON_NODE_OBJECT || node->kind == JSON_NODE_ARRAY;
    if (inner && (len > MAX || memchr(node->raw.data, '\n', len) != NULL))
        return node->kind == JSON_NODE_OBJECT ? "an object" : "an array";
    if (len > MAX)
        len = whole_characters((const char *)node->raw.data, MAX);
    for (size_t i = 0; i < len; i++) {
        if (node->raw.data[i] == 0x7f) /* the only control character that JSON leaves bare */
            buf_add_str(&out, "\\u007f");
        else
            buf_add_char(&out, (char)node->raw.data[i]);
    }
    if (len < node->raw.len)
        buf_add_str(&out, "…");
    return buf_ok(&out) ? arena_strdup(a, buf_str(&out)) : NULL;
}

struct diag_where json_where(const char *file, const struct json_node *node)
{
    return AT_COLUMN(file, node->line, node->column);
}
