/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/xlate/trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct trace_node *
trace_create_root(struct list *recircs)
{
    struct trace_node *root = xzalloc(sizeof *root);

    root->type = TRACE_ROOT;
    root->recircs = recircs;
    list_init(&root->node);
    list_init(&root->children);
    return root;
}

void
trace_destroy(struct trace_node *node)
{
    struct trace_node *child;

    if (!node) {
        return;
    }
    LIST_FOR_EACH_SAFE (child, node, &node->children) {
        trace_destroy(child);
    }
    free(node->text);
    free(node);
}

struct trace_node *
trace_add(struct trace_node *parent, enum trace_type type,
          const char *format, ...)
{
    struct trace_node *node;
    va_list args;

    if (!parent) {
        return NULL;
    }
    node = xzalloc(sizeof *node);
    node->type = type;
    node->recircs = parent->recircs;
    list_init(&node->children);
    va_start(args, format);
    node->text = xvasprintf(format, args);
    va_end(args);
    list_push_back(&parent->children, &node->node);
    return node;
}

struct trace_node *
trace_last(struct trace_node *parent)
{
    if (!parent || list_is_empty(&parent->children)) {
        return parent;
    }
    return CONTAINER_OF(parent->children.prev, struct trace_node, node);
}

static const struct trace_style {
    const char *before;
    const char *after;
    bool is_leaf;                /* Always indented. */
} styles[] = {
    [TRACE_ROOT] = { "", "", false },
    [TRACE_BRIDGE] = { "", "", false },
    [TRACE_TABLE] = { "", "", false },
    [TRACE_THAW] = { "", "", false },
    [TRACE_BUCKET] = { "", "", true },
    [TRACE_ACTION] = { "", "", true },
    [TRACE_DETAIL] = { " -> ", "", true },
    [TRACE_WARNING] = { " >> ", "", true },
    [TRACE_ERROR] = { " >>>> ", " <<<<", true },
};

static void
format_level(const struct list *nodes, int level, struct str *s)
{
    const struct trace_node *node;

    LIST_FOR_EACH (node, node, nodes) {
        const struct trace_style *style = &styles[node->type];
        int more = node->node.next != nodes || style->is_leaf;
        int indent = (level + more) * 4;

        if (node->type == TRACE_BRIDGE) {
            str_put_char(s, '\n');
        }
        str_put_chars(s, ' ', indent);
        str_printf(s, "%s%s%s\n", style->before, node->text, style->after);
        if (node->type == TRACE_BRIDGE) {
            str_put_chars(s, ' ', indent);
            str_put_chars(s, '-', strlen(node->text));
            str_put_char(s, '\n');
        }
        format_level(&node->children, level + 2 * more, s);
    }
}

void
trace_format(const struct trace_node *root, struct str *s)
{
    format_level(&root->children, 0, s);
}
