/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dbctl/table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"

struct table_style table_style;

static struct error *
set_word(const char *words[], size_t n, const char *argument, const char *what,
         size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(argument, words[i])) {
            *ret = i;
            return NULL;
        }
    }
    return error_create(0, "unknown %s \"%s\"", what, argument);
}

static struct error *
set_format(void *style, const char *argument)
{
    static const char *words[] = { "table", "list", "html", "csv", "json" };
    size_t i = 0;
    struct error *error = set_word(words, ARRAY_SIZE(words), argument,
                                   "output format", &i);

    if (!error) {
        ((struct table_style *) style)->format = i;
    }
    return error;
}

static struct error *
set_data(void *style, const char *argument)
{
    static const char *words[] = { "string", "bare", "json" };
    size_t i = 0;
    struct error *error = set_word(words, ARRAY_SIZE(words), argument,
                                   "data format", &i);

    if (!error) {
        ((struct table_style *) style)->data = i;
    }
    return error;
}

static struct error *
set_bare(void *style_, const char *argument UNUSED)
{
    struct table_style *style = style_;

    style->format = TABLE_FORMAT_LIST;
    style->data = TABLE_DATA_BARE;
    style->no_headings = true;
    return NULL;
}

struct option_group
table_options(void)
{
    static const struct option_row rows[] = {
        { "format", 'f', OPTION_REQUIRED, "FORMAT",
          "table, list, html, csv or json", set_format, &table_style },
        { "data", 'd', OPTION_REQUIRED, "FORMAT",
          "cells as string, bare or json", set_data, &table_style },
        { "no-headings", 0, OPTION_NONE, NULL, "omit table heading row",
          option_set_true, &table_style.no_headings },
        { "no-heading", 0, OPTION_NONE, NULL, NULL, option_set_true,
          &table_style.no_headings },
        { "pretty", 0, OPTION_NONE, NULL, "print JSON in readable lines",
          option_set_true, &table_style.pretty },
        { "bare", 0, OPTION_NONE, NULL,
          "same as --format=list --data=bare --no-headings", set_bare,
          &table_style },
        { "max-column-width", 0, OPTION_REQUIRED, "N",
          "limit columns of tables to N characters", option_set_uint,
          &table_style.max_column_width },
        { "timestamp", 0, OPTION_NONE, NULL,
          "print the time with each table", option_set_true,
          &table_style.timestamp },
    };

    return (struct option_group) {
        "Output formatting options", rows, ARRAY_SIZE(rows) };
}

void
table_init(struct table *table)
{
    *table = (struct table) { .caption = NULL };
}

void
table_uninit(struct table *table)
{
    VEC_FOR_EACH (heading, &table->headings) {
        free(*heading);
    }
    VEC_FOR_EACH (cell, &table->cells) {
        free(cell->text);
        json_decref(cell->json);
        if (cell->type) {
            ovsdb_datum_uninit(&cell->datum, cell->type);
        }
    }
    vec_uninit(&table->headings);
    vec_uninit(&table->cells);
    free(table->caption);
    table_init(table);
}

void
table_set_caption(struct table *table, const char *caption)
{
    free(table->caption);
    table->caption = xstrdup(caption);
}

void
table_add_heading(struct table *table, const char *heading)
{
    vec_push(&table->headings, xstrdup(heading));
}

void
table_put_text(struct table *table, const char *text)
{
    vec_push(&table->cells, (struct table_cell) { .text = xstrdup(text) });
}

void
table_put_json_take(struct table *table, json_t *json)
{
    vec_push(&table->cells, (struct table_cell) { .json = json });
}

void
table_put_datum(struct table *table, const struct ovsdb_datum *datum,
                const struct ovsdb_type *type)
{
    struct table_cell cell = { .type = type };

    ovsdb_datum_clone(&cell.datum, datum, type);
    vec_push(&table->cells, cell);
}

/* Sorting. */

static int
compare_cells(const struct table_cell *a, const struct table_cell *b)
{
    if (a->type && b->type) {
        return ovsdb_datum_compare(&a->datum, &b->datum, a->type);
    }
    return a->text && b->text ? strcmp(a->text, b->text) : 0;
}

static bool
holds_uuids(const struct table_cell *cell)
{
    return (cell->type && (cell->type->key.type == OVSDB_TYPE_UUID
                           || cell->type->value.type == OVSDB_TYPE_UUID));
}

static int
compare_rows(const void *a_, const void *b_, void *n_columns_)
{
    size_t n_columns = *(size_t *) n_columns_;
    const struct table_cell *a = a_;
    const struct table_cell *b = b_;

    for (size_t i = 0; i < 2 * n_columns; i++) {
        size_t column = i % n_columns;
        int cmp = (holds_uuids(&a[column]) == (i >= n_columns)
                   ? compare_cells(&a[column], &b[column]) : 0);

        if (cmp) {
            return cmp;
        }
    }
    return 0;
}

void
table_sort(struct table *table)
{
    size_t n = table->headings.n;

    if (n && table->cells.n) {
        qsort_r(table->cells.items, table->cells.n / n,
                n * sizeof *table->cells.items, compare_rows, &n);
    }
}

/* Text. */

static char *
cell_text(const struct table_cell *cell, enum table_data data)
{
    struct str s = STR_EMPTY;

    if (cell->text) {
        return xstrdup(cell->text);
    } else if (cell->json) {
        jtext_put_json(&s, cell->json, true);
    } else if (cell->type && data == TABLE_DATA_JSON) {
        ovsdb_datum_put_json(&s, &cell->datum, cell->type);
    } else if (cell->type && data == TABLE_DATA_BARE) {
        ovsdb_datum_put_bare(&s, &cell->datum, cell->type);
    } else if (cell->type) {
        ovsdb_datum_put_text(&s, &cell->datum, cell->type);
    }
    return str_steal(&s);
}

static size_t
width_of(const char *s)
{
    size_t n = 0;

    for (; *s; s++) {
        n += (*s & 0xc0) != 0x80;
    }
    return n;
}

/* The texts of all cells, for free_texts(). */
static char **
make_texts(const struct table *table, const struct table_style *style)
{
    char **texts = xcalloc(table->cells.n + 1, sizeof *texts);

    for (size_t i = 0; i < table->cells.n; i++) {
        texts[i] = cell_text(&table->cells.items[i], style->data);
    }
    return texts;
}

static void
free_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(texts[i]);
    }
    free(texts);
}

/* The first 'width' characters of 's', filled up with blanks unless last. */
static void
put_padded(struct str *out, const char *s, size_t width, bool is_last)
{
    size_t n = 0;

    for (; *s && (n < width || (*s & 0xc0) == 0x80); s++) {
        n += (*s & 0xc0) != 0x80;
        str_put_char(out, *s);
    }
    for (; n < width && !is_last; n++) {
        str_put_char(out, ' ');
    }
}

static void
put_line(struct str *out, char *const *texts, const size_t *widths, size_t n)
{
    size_t n_printed = n;

    /* No blanks at the ends of lines. */
    while (n_printed && !*texts[n_printed - 1]) {
        n_printed--;
    }
    for (size_t i = 0; i < n_printed; i++) {
        if (i) {
            str_put_char(out, ' ');
        }
        put_padded(out, texts[i], widths[i], i == n_printed - 1);
    }
    str_put_char(out, '\n');
}

static void
put_table(struct str *out, const struct table *table,
          const struct table_style *style, char **texts)
{
    size_t n = table->headings.n;
    size_t *widths = xcalloc(n + 1, sizeof *widths);

    for (size_t i = 0; i < table->cells.n; i++) {
        widths[i % n] = MAX(widths[i % n], width_of(texts[i]));
    }
    for (size_t i = 0; i < n; i++) {
        if (style->max_column_width) {
            widths[i] = MIN(widths[i], style->max_column_width);
        }
        if (!style->no_headings) {
            widths[i] = MAX(widths[i], width_of(table->headings.items[i]));
        }
    }
    if (table->caption) {
        str_printf(out, "%s\n", table->caption);
    }
    if (!style->no_headings) {
        put_line(out, table->headings.items, widths, n);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < widths[i] + (i > 0); j++) {
                str_put_char(out, i && !j ? ' ' : '-');
            }
        }
        str_put_char(out, '\n');
    }
    for (size_t i = 0; i < table->cells.n; i += n) {
        put_line(out, &texts[i], widths, n);
    }
    free(widths);
}

static void
put_list(struct str *out, const struct table *table,
         const struct table_style *style, char **texts)
{
    size_t n = table->headings.n;

    if (table->caption) {
        str_printf(out, "%s\n", table->caption);
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        if (i && i % n == 0) {
            str_put_char(out, '\n');
        }
        if (!style->no_headings) {
            str_printf(out, "%-20s: ", table->headings.items[i % n]);
        }
        str_printf(out, "%s\n", texts[i]);
    }
}

static void
put_html_text(struct str *out, const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (s[i]) {
        case '&':
            str_put(out, "&amp;");
            break;
        case '<':
            str_put(out, "&lt;");
            break;
        case '>':
            str_put(out, "&gt;");
            break;
        case '"':
            str_put(out, "&quot;");
            break;
        default:
            str_put_char(out, s[i]);
            break;
        }
    }
}

/* Uuids become links: to the row, whose first column is its anchor. */
static void
put_html_cell(struct str *out, const char *s, size_t column)
{
    struct uuid uuid;

    while (*s) {
        const char *p = s;

        while (*p && !uuid_from_prefix(&uuid, p)) {
            p++;
            if (strlen(p) < UUID_LEN) {
                p += strlen(p);
            }
        }
        put_html_text(out, s, p - s);
        if (*p) {
            str_printf(out, column ? "<a href=\"#%.36s\">%.8s</a>"
                       : "<a name=\"%.36s\">%.8s</a>", p, p);
            p += UUID_LEN;
        }
        s = p;
    }
}

static void
put_html(struct str *out, const struct table *table,
         const struct table_style *style, char **texts)
{
    size_t n = table->headings.n;

    str_put(out, "<table border=1>\n");
    if (table->caption) {
        str_put(out, "    <caption>");
        put_html_text(out, table->caption, strlen(table->caption));
        str_put(out, "</caption>\n");
    }
    if (!style->no_headings) {
        str_put(out, "  <tr>\n");
        VEC_FOR_EACH (heading, &table->headings) {
            str_put(out, "    <th>");
            put_html_text(out, *heading, strlen(*heading));
            str_put(out, "</th>\n");
        }
        str_put(out, "  </tr>\n");
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        if (i % n == 0) {
            str_put(out, "  <tr>\n");
        }
        str_put(out, "    <td>");
        put_html_cell(out, texts[i], i % n);
        str_put(out, "</td>\n");
        if (i % n == n - 1) {
            str_put(out, "  </tr>\n");
        }
    }
    str_put(out, "</table>\n");
}

static void
put_csv_cell(struct str *out, const char *s)
{
    if (!strpbrk(s, "\n\",")) {
        str_put(out, s);
        return;
    }
    str_put_char(out, '"');
    for (; *s; s++) {
        if (*s == '"') {
            str_put_char(out, '"');
        }
        str_put_char(out, *s);
    }
    str_put_char(out, '"');
}

static void
put_csv(struct str *out, const struct table *table,
        const struct table_style *style, char **texts)
{
    size_t n = table->headings.n;

    if (table->caption) {
        str_printf(out, "%s\n", table->caption);
    }
    for (size_t i = 0; i < n && !style->no_headings; i++) {
        put_csv_cell(out, table->headings.items[i]);
        str_put_char(out, i == n - 1 ? '\n' : ',');
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        put_csv_cell(out, texts[i]);
        str_put_char(out, i % n == n - 1 ? '\n' : ',');
    }
}

static char *
timestamp_text(const struct table_style *style)
{
    int64_t now_ms = clock_wall_ms();
    time_t seconds = now_ms / 1000;
    struct tm tm;

    if (!style->timestamp) {
        return NULL;
    }
    gmtime_r(&seconds, &tm);
    return xasprintf("%04d-%02d-%02d %02d:%02d:%02d.%03d",
                     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec,
                     (int) (now_ms % 1000));
}

static json_t *
cell_json(const struct table_cell *cell)
{
    return (cell->json ? json_incref(cell->json)
            : cell->type ? ovsdb_datum_to_json(&cell->datum, cell->type)
            : json_string(cell->text ? cell->text : ""));
}

static void
put_json(struct str *out, const struct table *table,
         const struct table_style *style)
{
    size_t n = table->headings.n;
    json_t *json = json_object();
    json_t *headings = json_array();
    json_t *data = json_array();
    json_t *row = NULL;
    char *timestamp = timestamp_text(style);

    VEC_FOR_EACH (heading, &table->headings) {
        json_array_append_new(headings, json_string(*heading));
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        if (i % n == 0) {
            row = json_array();
            json_array_append_new(data, row);
        }
        json_array_append_new(row, cell_json(&table->cells.items[i]));
    }
    if (table->caption) {
        json_object_set_new(json, "caption", json_string(table->caption));
    }
    if (timestamp) {
        json_object_set_new(json, "time", json_string(timestamp));
    }
    json_object_set_new(json, "headings", headings);
    json_object_set_new(json, "data", data);
    if (style->pretty) {
        jtext_put_pretty(out, json);
    } else {
        jtext_put_json(out, json, true);
    }
    str_put_char(out, '\n');
    free(timestamp);
    json_decref(json);
}

void
table_put(struct str *out, const struct table *table,
          const struct table_style *style, bool *is_later)
{
    char **texts, *timestamp;

    if (style->format == TABLE_FORMAT_JSON) {
        put_json(out, table, style);
        return;
    }
    if (*is_later && style->format != TABLE_FORMAT_HTML) {
        str_put_char(out, '\n');
    }
    *is_later = true;
    timestamp = timestamp_text(style);
    if (timestamp) {
        str_printf(out, "%s\n", timestamp);
        free(timestamp);
    }
    texts = make_texts(table, style);
    switch (style->format) {
    case TABLE_FORMAT_TABLE:
        put_table(out, table, style, texts);
        break;
    case TABLE_FORMAT_LIST:
        put_list(out, table, style, texts);
        break;
    case TABLE_FORMAT_HTML:
        put_html(out, table, style, texts);
        break;
    default:
        put_csv(out, table, style, texts);
        break;
    }
    free_texts(texts, table->cells.n);
}

void
table_print(const struct table *table, const struct table_style *style)
{
    static bool is_later;
    struct str out = STR_EMPTY;

    table_put(&out, table, style, &is_later);
    fputs(str_cstr(&out), stdout);
    str_uninit(&out);
}
