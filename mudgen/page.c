#include "mudgen/page.h"

#include <string.h>

#include "common/err.h"
#include "embedded/web_page_css.h"
#include "embedded/web_page_js.h"
#include "mudgen/digest.h"
#include "mudgen/feeds.h"

void page_escape(const char *text, struct buf *out)
{
    for (const char *p = text; *p != 0; p++) {
        switch (*p) {
        case '&': buf_add_str(out, "&amp;"); break;
        case '<': buf_add_str(out, "&lt;"); break;
        case '>': buf_add_str(out, "&gt;"); break;
        case '"': buf_add_str(out, "&quot;"); break;
        case '\'': buf_add_str(out, "&#39;"); break;
        default: buf_add_char(out, *p);
        }
    }
}

/* FMT with one %s or more for escaped text would be easy to get wrong: BEFORE, TEXT escaped, AFTER.
 */
static void add(struct buf *out, const char *before, const char *text, const char *after)
{
    buf_add_str(out, before);
    page_escape(text, out);
    buf_add_str(out, after);
}

/* A link only for web addresses: "javascript:" is a URL too. */
static void add_link(struct buf *out, const char *url, const char *text)
{
    bool web = url != NULL && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
    if (web) {
        add(out, "<a href=\"", url, "\">");
        add(out, "", text, "</a>");
    } else {
        page_escape(text, out);
    }
}

/* ------------------------------------------------------------------ head */

static int add_policy(struct buf *out)
{
    const struct bytes css = {(const uint8_t *)web_page_css, web_page_css_len};
    const struct bytes js = {(const uint8_t *)web_page_js, web_page_js_len};
    buf_add_str(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "base-uri 'none'; form-action 'none'; style-src ");
    int err = digest_csp(css, out);
    buf_add_str(out, "; script-src ");
    if (err == ERR_OK)
        err = digest_csp(js, out);
    buf_add_str(out, "\">\n");
    return err;
}

static int add_head(const struct list_content *c, struct buf *out)
{
    buf_add_str(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    int err = add_policy(out);
    add(out, "<title>", c->inv->manufacturer, ": domain names of our devices</title>\n<style>");
    buf_add(out, web_page_css, web_page_css_len);
    buf_add_str(out, "</style>\n</head>\n<body>\n"
                     "<a class=\"skip\" href=\"#names\">Skip to the names</a>\n");
    return err;
}

static void add_fact(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void add_number(struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, "<div><dt>%s</dt><dd>%llu</dd></div>\n", name, (unsigned long long)value);
}

static void add_duration(struct buf *out, const char *name, uint32_t s)
{
    static const struct {
        uint32_t s;
        const char *unit;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    size_t i = 0;
    while (units[i].s > 1 && (s % units[i].s != 0 || s / units[i].s < 2))
        i++;
    buf_printf(out, "<div><dt>%s</dt><dd>%u %s</dd></div>\n", name, s / units[i].s, units[i].unit);
}

static void add_intro(const struct list_content *c, uint32_t serial, int64_t published_at,
                      struct buf *out)
{
    char date[TIME_TEXT_LEN];
    time_format_date(published_at, date);
    add(out, "<header>\n<h1>", c->inv->manufacturer, ": domain names of our devices</h1>\n");
    buf_add_str(out,
                "<p class=\"lead\">For network operators: the names that our devices need, what "
                "for, and how to allow exactly these. The same list is there for machines, "
                "signed, and announced in DNS.</p>\n<dl class=\"facts\">\n");
    add_number(out, "Names", c->listing->n);
    add_number(out, "Device models", c->model_n);
    add_fact(out, "Published", date);
    add_number(out, "Serial", serial);
    add_duration(out, "Look again after", c->inv->publication.refresh_s);
    buf_add_str(out,
                "</dl>\n<nav aria-label=\"On this page\"><ul>\n"
                "<li><a href=\"#names\">Names</a></li>\n<li><a href=\"#changes\">Changes</a></li>\n"
                "<li><a href=\"#models\">Device models</a></li>\n"
                "<li><a href=\"#feeds\">Feeds</a></li>\n"
                "<li><a href=\"#verify\">How to verify</a></li>\n</ul></nav>\n</header>\n<main>\n");
}

/* ------------------------------------------------------------------ names */

static void add_purposes(const struct listing_entry *e, struct buf *out)
{
    for (int p = 0; p < PURPOSE_COUNT; p++) {
        if ((e->purposes & 1u << p) != 0)
            add(out, "<span class=\"chip\">", purpose_text((enum purpose)p), "</span> ");
    }
}

static void add_endpoint(const struct inv_endpoint *e, struct buf *out)
{
    char port[PORT_TEXT_LEN];
    list_port_text(e, port);
    add(out, "<span class=\"port\">", protocol_text(e->protocol), "");
    if (e->has_port)
        add(out, " ", port, "");
    if (e->initiator != INITIATOR_DEVICE)
        buf_add_str(out, e->initiator == INITIATOR_REMOTE ? " (inbound)" : " (both ways)");
    buf_add_str(out, "</span>");
}

/* A few are shown, many fold away; both are there for the search. */
static void add_model_names(const struct texts *models, struct buf *out)
{
    bool fold = models->n > 3;
    if (fold)
        buf_printf(out, "<details><summary>%zu models</summary>", models->n);
    for (size_t i = 0; i < models->n; i++)
        add(out, i == 0 ? "<span class=\"model\">" : ", <span class=\"model\">", models->items[i],
            "</span>");
    buf_add_str(out, fold ? "</details>" : "");
}

static void add_name_row(const struct listing_entry *e, struct buf *out)
{
    char date[TIME_TEXT_LEN];
    add(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><code>", e->text, "</code>");
    if (e->removal_not_before_at != 0) {
        time_format_date(list_day_up(e->removal_not_before_at), date);
        buf_printf(out, " <span class=\"tag\">goes on or after %s</span>", date);
    }
    buf_add_str(out, "</th><td role=\"cell\" data-label=\"For\"><span>");
    add_purposes(e, out);
    buf_add_str(out, "</span></td><td role=\"cell\" data-label=\"Ports\"><span>");
    for (size_t i = 0; i < e->endpoint_n; i++) {
        buf_add_str(out, i == 0 ? "" : ", ");
        add_endpoint(&e->endpoints[i], out);
    }
    time_format_date(e->since_at, date);
    buf_printf(out,
               "</span></td><td role=\"cell\" data-label=\"Needed\"><span>%s</span></td>"
               "<td role=\"cell\" data-label=\"Run by\"><span>%s</span></td>"
               "<td role=\"cell\" data-label=\"Since\"><span>%s</span></td>"
               "<td role=\"cell\" data-label=\"Models\"><div>",
               e->required ? "yes" : "optional", e->third_party ? "third party" : "us", date);
    add_model_names(&e->models, out);
    buf_add_str(out, "</div></td></tr>\n");
}

static void add_names(const struct list_content *c, struct buf *out)
{
    buf_add_str(
        out,
        "<section id=\"names\" aria-labelledby=\"names-title\">\n<h2 "
        "id=\"names-title\">Names</h2>\n"
        "<form class=\"search\" id=\"search\" role=\"search\" hidden><label "
        "for=\"q\">Search</label>"
        "<input id=\"q\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" "
        "placeholder=\"name, purpose, port, model\">"
        "<output id=\"shown\" for=\"q\" aria-live=\"polite\"></output></form>\n"
        "<div class=\"box\"><table role=\"table\"><caption><code>*.x</code> stands for every name "
        "below x, not x itself.</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
    static const char *const heads[] = {"Name",   "For",   "Ports", "Needed",
                                        "Run by", "Since", "Models"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        buf_printf(out, "<th role=\"columnheader\" scope=\"col\">%s</th>", heads[i]);
    buf_add_str(out, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < c->listing->n; i++)
        add_name_row(&c->listing->entries[i], out);
    buf_add_str(out, "</tbody></table></div>\n</section>\n");
}

static void add_changes(const struct list_content *c, struct buf *out)
{
    char date[TIME_TEXT_LEN];
    size_t announced = 0;
    buf_add_str(out,
                "<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Changes</h2>\n"
                "<div class=\"box pad\">\n<p>Names that will go are announced here first.</p>\n"
                "<ul class=\"list\">\n");
    for (size_t i = 0; i < c->listing->n; i++) {
        const struct listing_entry *e = &c->listing->entries[i];
        if (e->removal_not_before_at == 0)
            continue;
        time_format_date(list_day_up(e->removal_not_before_at), date);
        add(out, "<li><code>", e->text, "</code>");
        buf_printf(out, " goes on or after %s</li>\n", date);
        announced++;
    }
    for (size_t i = 0; i < c->removed_n; i++) {
        time_format_date(c->removed[i].removed_at, date);
        add(out, c->removed[i].subdomains ? "<li><code>*." : "<li><code>", c->removed[i].name,
            "</code>");
        buf_printf(out, " was withdrawn on %s</li>\n", date);
    }
    if (announced + c->removed_n == 0)
        buf_add_str(out, "<li>None announced, and none withdrawn in the last year.</li>\n");
    buf_add_str(out, "</ul>\n</div>\n</section>\n");
}

/* ------------------------------------------------------------------ models, feeds, verification */

static void add_model_row(const struct mud_model_out *m, struct buf *out)
{
    char date[TIME_TEXT_LEN];
    const char *name = m->model->name;
    time_format_date(m->updated_at, date);
    buf_add_str(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    add_link(out, m->model->documentation,
             m->model->model_name == NULL ? name : m->model->model_name);
    add(out, " <span class=\"soft\">(", name, ")</span></th>");
    buf_printf(out,
               "<td role=\"cell\" data-label=\"Supported\"><span>%s</span></td>"
               "<td role=\"cell\" data-label=\"Updated\"><span>%s</span></td>"
               "<td role=\"cell\" data-label=\"Files\"><span>",
               m->model->supported ? "yes" : "no longer", date);
    add(out, "<a href=\"", name, "/");
    add(out, "", name, ".json\">MUD file</a>, <a href=\"");
    add(out, "", name, "/");
    add(out, "", name, ".p7s\">signature</a></span></td></tr>\n");
}

static void add_models(const struct list_content *c, struct buf *out)
{
    buf_add_str(out,
                "<section aria-labelledby=\"models\">\n<h2 id=\"models\">Device models</h2>\n"
                "<div class=\"box\"><table role=\"table\"><caption>MUD files (RFC 8520) say the "
                "same per model, for MUD managers.</caption>\n<thead role=\"rowgroup\">"
                "<tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Model</th>"
                "<th role=\"columnheader\" scope=\"col\">Supported</th>"
                "<th role=\"columnheader\" scope=\"col\">Updated</th>"
                "<th role=\"columnheader\" scope=\"col\">Files</th></tr></thead>\n"
                "<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < c->model_n; i++)
        add_model_row(&c->models[i], out);
    buf_add_str(out, "</tbody></table></div>\n</section>\n");
}

static void add_feeds(struct buf *out)
{
    buf_add_str(out, "<section aria-labelledby=\"feeds\">\n<h2 id=\"feeds\">Feeds</h2>\n<div "
                     "class=\"box pad\">\n"
                     "<ul class=\"list\">\n"
                     "<li><a href=\".well-known/mudzone/domains.json\">domains.json</a>: the whole "
                     "list, with its "
                     "<a href=\".well-known/mudzone/domains.json.p7s\">signature</a> and "
                     "<a href=\".well-known/mudzone/schema.json\">schema</a></li>\n"
                     "<li><a href=\".well-known/mudzone/feeds/domains.txt\">domains.txt</a>: one "
                     "name a line</li>\n"
                     "<li><a href=\".well-known/mudzone/feeds/allow.rpz\">allow.rpz</a>: response "
                     "policy zone that "
                     "lets these names through</li>\n"
                     "<li><a href=\".well-known/mudzone/feeds/deny.rpz\">deny.rpz</a>: response "
                     "policy zone that "
                     "stops every other name; to be listed after allow.rpz</li>\n</ul>\n"
                     "<p class=\"warn\"><strong>Careful:</strong> deny.rpz is " FEED_DENY_WARNING
                     ".</p>\n"
                     "</div>\n</section>\n");
}

static void add_verify(const struct list_content *c, struct buf *out)
{
    const char *zone = c->inv->publication.zone->text;
    const char *base = c->inv->publication.base_url;
    buf_add_str(
        out,
        "<section aria-labelledby=\"verify\">\n<h2 id=\"verify\">How to verify</h2>\n"
        "<div class=\"box pad\">\n<p>Ask a validating resolver for the announcement. Its answer "
        "must be signed (flag <code>ad</code>); it names the serial and the digest of the "
        "list.</p>\n");
    add(out, "<pre><code>kdig +dnssec TXT _mudzone.", zone, "</code></pre>\n");
    buf_add_str(out,
                "<p>Fetch that very version: its SHA-256 must equal <code>list=sha-256:…</code>. A "
                "serial lower than the last one seen must be refused.</p>\n");
    add(out, "<pre><code>curl -sSO ", base, ".well-known/mudzone/v/SERIAL/domains.json\n");
    add(out, "curl -sSO ", base, ".well-known/mudzone/v/SERIAL/domains.json.p7s\n");
    buf_add_str(out,
                "sha256sum domains.json</code></pre>\n"
                "<p>The CMS signature proves the same without DNS. Check it against our CA, or "
                "compare its key with the pinned one:</p>\n");
    add(out,
        "<pre><code>openssl cms -verify -binary -inform DER -in domains.json.p7s \\\n"
        "  -content domains.json -CAfile ca.pem -out /dev/null\nkdig +dnssec SMIMEA "
        "_signer._mudzone.",
        zone, "</code></pre>\n</div>\n</section>\n");
}

static void add_foot(const struct list_content *c, struct buf *out)
{
    buf_add_str(out, "</main>\n<footer>\n<p>");
    if (c->inv->documentation != NULL) {
        add_link(out, c->inv->documentation, "Network documentation");
        buf_add_str(out, " · ");
    }
    if (c->inv->contact != NULL)
        add(out, "Contact: ", c->inv->contact, " · ");
    buf_add_str(out, "Made by mudzone</p>\n</footer>\n<script>");
    buf_add(out, web_page_js, web_page_js_len);
    buf_add_str(out, "</script>\n</body>\n</html>\n");
}

int page_write(const struct list_content *c, uint32_t serial, int64_t published_at, struct buf *out)
{
    int err = add_head(c, out);
    if (err != ERR_OK)
        return err;
    add_intro(c, serial, published_at, out);
    add_names(c, out);
    add_changes(c, out);
    add_models(c, out);
    add_feeds(out);
    add_verify(c, out);
    add_foot(c, out);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}
