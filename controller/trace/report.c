/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/report.h"

#define INDENT 4

struct report *
report_create(struct arena *arena)
{
    struct report *root = arena_new(arena, struct report);

    root->type = REPORT_PIPELINE;
    root->text = "";
    list_init(&root->subs);
    list_init(&root->node);
    return root;
}

struct report *
report_add(struct arena *arena, struct report *parent, enum report_type type,
           const char *format, ...)
{
    struct report *node = report_create(arena);
    va_list args;
    char *text;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    node->type = type;
    node->text = arena_strdup(arena, text, strlen(text));
    free(text);
    list_push_back(&parent->subs, &node->node);
    return node;
}

static bool
is_section(const struct report *node)
{
    return (node->type == REPORT_PIPELINE || node->type == REPORT_TRANSFORM
            || node->type == REPORT_LOG);
}

static bool
is_minimal_only(const struct report *node)
{
    return node->type == REPORT_MODIFY || node->type == REPORT_DELIVER;
}

#define FOR_EACH_SUB(NODE, PARENT) \
    LIST_FOR_EACH (NODE, node, (struct list *) &(PARENT)->subs)

/* ## Detailed ##
 *
 * Pipelines follow each other without end, so what comes last in a flow's
 * actions is not indented under it: "next" leads on at the same depth, and so
 * does a section.  'depth' is that of a table's line; its actions stand one
 * further. */

static void print_details(const struct report *parent, int depth,
                          struct str *out);

static bool
is_last(const struct report *node, const struct report *parent)
{
    for (const struct list *e = node->node.next; e != &parent->subs;
         e = e->next) {
        if (!is_minimal_only(CONTAINER_OF(e, struct report, node))) {
            return false;
        }
    }
    return true;
}

static bool
has_table(const struct report *parent)
{
    const struct report *node;

    FOR_EACH_SUB (node, parent) {
        if (node->type == REPORT_TABLE) {
            return true;
        }
    }
    return false;
}

static void
print_section(const struct report *node, const struct report *parent,
              int depth, struct str *out)
{
    /* The egress pipelines of a multicast group stand beside each other. */
    bool is_group = parent->type == REPORT_PIPELINE && *parent->text;
    bool is_inner = (!is_last(node, parent)
                     || (is_group && has_table(node)));
    int header = depth + is_inner;
    size_t length = strlen(node->text);

    str_put_char(out, '\n');
    str_put_chars(out, ' ', header * INDENT);
    str_put(out, node->text);
    str_put_char(out, '\n');
    str_put_chars(out, ' ', header * INDENT);
    str_put_chars(out, '-', length);
    str_put_char(out, '\n');
    print_details(node, header + (header > depth), out);
}

static void
print_node_details(const struct report *node, const struct report *parent,
                   int depth, struct str *out)
{
    switch (node->type) {
    case REPORT_PIPELINE:
    case REPORT_TRANSFORM:
    case REPORT_LOG:
        print_section(node, parent, depth, out);
        break;
    case REPORT_TABLE:
        if (!is_last(node, parent)) {
            depth++;
        }
        if (!node->is_trivial) {
            str_put_chars(out, ' ', depth * INDENT);
            str_printf(out, "%2d. %s\n", node->table, node->text);
        }
        print_details(node, depth, out);
        break;
    case REPORT_ACTION:
    case REPORT_COMMENT:
    case REPORT_OUTPUT:
    case REPORT_ERROR:
        if (!parent->is_trivial) {
            str_put_chars(out, ' ', (depth + 1) * INDENT);
            str_put(out, node->text);
            str_put_char(out, '\n');
        }
        break;
    case REPORT_MODIFY:
    case REPORT_DELIVER:
        break;
    }
}

static void
print_details(const struct report *parent, int depth, struct str *out)
{
    const struct report *node;

    FOR_EACH_SUB (node, parent) {
        print_node_details(node, parent, depth, out);
    }
}

void
report_print_detailed(const struct report *root, struct str *out)
{
    print_details(root, 0, out);
}

/* ## Summary: the actions, nested as they are executed ## */

/* Prints a node on 'depth' with what it has in braces. */
static void
print_node(const struct report *node, int depth, bool has_subs,
           void (*print)(const struct report *, int, struct str *),
           struct str *out)
{
    bool is_text = (node->type == REPORT_ACTION
                    || node->type == REPORT_COMMENT);

    str_put_chars(out, ' ', depth * INDENT);
    str_put(out, node->text);
    if (has_subs) {
        str_put(out, " {\n");
        print(node, depth + 1, out);
        str_put_chars(out, ' ', depth * INDENT);
        str_put_char(out, '}');
    }
    str_put(out, is_text ? "\n" : ";\n");
}

static void
print_summary(const struct report *parent, int depth, struct str *out)
{
    const struct report *node;

    FOR_EACH_SUB (node, parent) {
        if (node->type == REPORT_TABLE) {
            print_summary(node, depth, out);
            continue;
        }
        /* Where a jump leads is seen anyway. */
        if (is_minimal_only(node)
            || (parent->is_trivial && !is_section(node))
            || (node->type == REPORT_ACTION
                && !strncmp(node->text, "next(", 5))) {
            continue;
        }
        print_node(node, depth, !list_is_empty(&node->subs), print_summary,
                   out);
    }
}

void
report_print_summary(const struct report *root, struct str *out)
{
    print_summary(root, 0, out);
}

/* ## Minimal: what became of the packet, seen from outside ## */

static bool
is_in_minimal(const struct report *node)
{
    return (is_minimal_only(node) || node->type == REPORT_ERROR
            || node->type == REPORT_TRANSFORM || node->type == REPORT_LOG);
}

static bool
has_minimal(const struct report *parent)
{
    const struct report *node;

    FOR_EACH_SUB (node, parent) {
        if (is_in_minimal(node) || has_minimal(node)) {
            return true;
        }
    }
    return false;
}

static void
print_minimal(const struct report *parent, int depth, struct str *out)
{
    const struct report *node;

    FOR_EACH_SUB (node, parent) {
        if (is_in_minimal(node)) {
            print_node(node, depth, has_minimal(node), print_minimal, out);
        } else {
            print_minimal(node, depth, out);
        }
    }
}

void
report_print_minimal(const struct report *root, struct str *out)
{
    print_minimal(root, 0, out);
}
