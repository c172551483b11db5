/* SPDX-License-Identifier: Apache-2.0 */

/* A trace for programs. */

#include "controller/trace/report.h"

#include "lib/ovsdb/jtext.h"

static const char *const type_names[] = {
    [REPORT_PIPELINE] = "pipeline",
    [REPORT_TRANSFORM] = "transform",
    [REPORT_LOG] = "log",
    [REPORT_TABLE] = "table",
    [REPORT_ACTION] = "action",
    [REPORT_COMMENT] = "comment",
    [REPORT_OUTPUT] = "output",
    [REPORT_ERROR] = "error",
    [REPORT_MODIFY] = "modify",
    [REPORT_DELIVER] = "deliver",
};

static void
put_member(struct str *out, const char *name, const char *value)
{
    str_printf(out, ",\"%s\":", name);
    if (value) {
        jtext_put_cstr(out, value);
    } else {
        str_put(out, "null");
    }
}

static void
put_table(const struct report *node, struct str *out)
{
    const struct report_table *t = node->of_table;

    str_printf(out, ",\"table\":%u,\"priority\":%u", node->table, t->priority);
    put_member(out, "datapath", t->datapath);
    put_member(out, "pipeline", t->is_ingress ? "ingress" : "egress");
    put_member(out, "stage", t->stage);
    put_member(out, "match", t->match);
    put_member(out, "source", t->source);
    if (!uuid_is_zero(&t->uuid)) {
        str_printf(out, ",\"flow\":\"" UUID_FMT "\"", UUID_ARGS(&t->uuid));
    } else {
        put_member(out, "flow", NULL);
    }
}

static void
put_node(const struct report *node, struct str *out)
{
    const struct report *sub;
    const char *delimiter = "";

    str_printf(out, "{\"type\":\"%s\"", type_names[node->type]);
    put_member(out, "text", node->text);
    if (node->of_table) {
        put_table(node, out);
    }
    str_put(out, ",\"subs\":[");
    LIST_FOR_EACH (sub, node, (struct list *) &node->subs) {
        str_put(out, delimiter);
        put_node(sub, out);
        delimiter = ",";
    }
    str_put(out, "]}");
}

void
report_print_json(const struct report *root, struct str *out)
{
    put_node(root, out);
    str_put_char(out, '\n');
}
