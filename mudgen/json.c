#include "mudgen/json.h"

#include "common/err.h"

static int add(const char *part, size_t len, void *out)
{
    buf_add(out, part, len);
    return buf_ok(out) ? 0 : -1;
}

int doc_json_write(json_t *j, struct buf *out)
{
    if (j == NULL)
        return ERR_NOMEM;
    int failed = json_dump_callback(j, add, out, JSON_COMPACT);
    json_decref(j);
    return failed != 0 || !buf_ok(out) ? ERR_NOMEM : ERR_OK;
}

int doc_json_read(struct bytes json, json_t **ret)
{
    AUTO_JSON json_t *j =
        json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(j))
        return ERR_STATE;
    *ret = TAKE(j);
    return ERR_OK;
}

bool doc_json_put(json_t *object, const char *key, const char *text)
{
    if (text == NULL)
        return object != NULL;
    return json_object_set_new(object, key, json_string(text)) == 0;
}

const char *doc_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool doc_json_u32(const json_t *object, const char *key, uint32_t *ret)
{
    const json_t *j = json_object_get(object, key);
    json_int_t v = json_integer_value(j);
    if (!json_is_integer(j) || v < 0 || v > UINT32_MAX)
        return false;
    *ret = (uint32_t)v;
    return true;
}
