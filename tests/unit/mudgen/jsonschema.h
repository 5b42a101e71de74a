/*
 * Enough of JSON Schema 2020-12 to hold the published list against the published schema: the
 * keywords that schema.json uses, and no others: an unknown keyword fails the test rather than
 * being ignored.
 */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

struct schema_run {
    const json_t *root;
    char fault[512]; /* the first one */
};

static bool schema_check(struct schema_run *run, const json_t *schema, const json_t *value,
                         const char *path);

static bool schema_fault(struct schema_run *run, const char *path, const char *keyword)
{
    if (run->fault[0] == 0 && snprintf(run->fault, sizeof(run->fault), "%s: %s", path, keyword) < 0)
        memcpy(run->fault, "?", 2);
    return false;
}

static bool schema_type(const char *type, const json_t *v)
{
    if (strcmp(type, "object") == 0)
        return json_is_object(v);
    if (strcmp(type, "array") == 0)
        return json_is_array(v);
    if (strcmp(type, "string") == 0)
        return json_is_string(v);
    if (strcmp(type, "integer") == 0)
        return json_is_integer(v);
    return strcmp(type, "boolean") == 0 && json_is_boolean(v);
}

static bool schema_pattern(const char *pattern, const json_t *v)
{
    regex_t re;
    if (!json_is_string(v) || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool match = regexec(&re, json_string_value(v), 0, NULL, 0) == 0;
    regfree(&re);
    return match;
}

static bool schema_among(const json_t *values, const json_t *v)
{
    size_t i;
    json_t *one;
    json_array_foreach(values, i, one)
    {
        if (json_equal(one, v))
            return true;
    }
    return false;
}

static bool schema_any(struct schema_run *run, const json_t *schemas, const json_t *v,
                       const char *path)
{
    for (size_t i = 0; i < json_array_size(schemas); i++) {
        struct schema_run quiet = {.root = run->root};
        if (schema_check(&quiet, json_array_get(schemas, i), v, path))
            return true;
    }
    return false;
}

static bool schema_unique(const json_t *v)
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        for (size_t k = i + 1; k < json_array_size(v); k++) {
            if (json_equal(json_array_get(v, i), json_array_get(v, k)))
                return false;
        }
    }
    return true;
}

static bool schema_members(struct schema_run *run, const json_t *schema, const json_t *v,
                           const char *path)
{
    const char *key;
    json_t *member;
    const json_t *properties = json_object_get(schema, "properties");
    void *iter = json_object_iter(json_object_get(schema, "properties"));
    json_object_foreach((json_t *)(uintptr_t)v, key, member)
    {
        char below[512];
        const json_t *sub = json_object_get(properties, key);
        (void)snprintf(below, sizeof(below), "%s/%s", path, key);
        if (sub == NULL)
            return schema_fault(run, below, "additionalProperties");
        if (!schema_check(run, sub, member, below))
            return false;
        /* keys come in the schema's order: an order change must never look like a change */
        while (iter != NULL && strcmp(json_object_iter_key(iter), key) != 0)
            iter = json_object_iter_next((json_t *)(uintptr_t)properties, iter);
        if (iter == NULL)
            return schema_fault(run, below, "order of keys");
    }
    return true;
}

static bool schema_required(struct schema_run *run, const json_t *names, const json_t *v,
                            const char *path)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (json_object_get(v, json_string_value(json_array_get(names, i))) == NULL)
            return schema_fault(run, path, "required");
    }
    return true;
}

static bool schema_items(struct schema_run *run, const json_t *schema, const json_t *v,
                         const char *path)
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        char below[512];
        (void)snprintf(below, sizeof(below), "%s/%zu", path, i);
        if (!schema_check(run, schema, json_array_get(v, i), below))
            return false;
    }
    return true;
}

static bool schema_keyword(struct schema_run *run, const char *key, const json_t *arg,
                           const json_t *schema, const json_t *v, const char *path)
{
    static const char *const notes[] = {"$schema",     "$defs",  "title",
                                        "description", "format", "additionalProperties"};
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (strcmp(key, notes[i]) == 0)
            return true;
    }
    if (strcmp(key, "type") == 0)
        return schema_type(json_string_value(arg), v);
    if (strcmp(key, "const") == 0)
        return json_equal(arg, v);
    if (strcmp(key, "enum") == 0)
        return schema_among(arg, v);
    if (strcmp(key, "pattern") == 0)
        return schema_pattern(json_string_value(arg), v);
    if (strcmp(key, "minimum") == 0)
        return json_integer_value(v) >= json_integer_value(arg);
    if (strcmp(key, "maximum") == 0)
        return json_integer_value(v) <= json_integer_value(arg);
    if (strcmp(key, "minLength") == 0)
        return json_string_length(v) >= (size_t)json_integer_value(arg);
    if (strcmp(key, "maxLength") == 0)
        return json_string_length(v) <= (size_t)json_integer_value(arg);
    if (strcmp(key, "minItems") == 0)
        return json_array_size(v) >= (size_t)json_integer_value(arg);
    if (strcmp(key, "uniqueItems") == 0)
        return schema_unique(v);
    if (strcmp(key, "anyOf") == 0)
        return schema_any(run, arg, v, path);
    if (strcmp(key, "items") == 0)
        return schema_items(run, arg, v, path);
    if (strcmp(key, "required") == 0)
        return schema_required(run, arg, v, path);
    if (strcmp(key, "properties") == 0)
        return json_is_false(json_object_get(schema, "additionalProperties")) &&
               schema_members(run, schema, v, path);
    if (strcmp(key, "$ref") == 0 && strncmp(json_string_value(arg), "#/$defs/", 8) == 0)
        return schema_check(
            run, json_object_get(json_object_get(run->root, "$defs"), json_string_value(arg) + 8),
            v, path);
    return false;
}

static bool schema_check(struct schema_run *run, const json_t *schema, const json_t *value,
                         const char *path)
{
    const char *key;
    json_t *arg;
    if (!json_is_object(schema))
        return schema_fault(run, path, "no schema");
    json_object_foreach((json_t *)(uintptr_t)schema, key, arg)
    {
        if (!schema_keyword(run, key, arg, schema, value, path))
            return schema_fault(run, path, key);
    }
    return true;
}
