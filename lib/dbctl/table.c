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

    if (n) {
        qsort_r(table->cells.items, table->cells.n / n,
                n * sizeof *table->cells.items, compare_rows, &n);
    }
}

/* Printing. */

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
    return xstrdup(str_cstr(&s));
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
print_padded(const char *s, size_t width, bool is_last)
{
    size_t n = 0;

    for (; *s && (n < width || (*s & 0xc0) == 0x80); s++) {
        n += (*s & 0xc0) != 0x80;
        putchar(*s);
    }
    for (; n < width && !is_last; n++) {
        putchar(' ');
    }
}

static void
print_line(char *const *texts, const size_t *widths, size_t n)
{
    size_t n_printed = n;

    /* No blanks at the ends of lines. */
    while (n_printed && !*texts[n_printed - 1]) {
        n_printed--;
    }
    for (size_t i = 0; i < n_printed; i++) {
        if (i) {
            putchar(' ');
        }
        print_padded(texts[i], widths[i], i == n_printed - 1);
    }
    putchar('\n');
}

static void
print_table(const struct table *table, const struct table_style *style,
            char **texts)
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
        puts(table->caption);
    }
    if (!style->no_headings) {
        print_line(table->headings.items, widths, n);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < widths[i] + (i > 0); j++) {
                putchar(i && !j ? ' ' : '-');
            }
        }
        putchar('\n');
    }
    for (size_t i = 0; i < table->cells.n; i += n) {
        print_line(&texts[i], widths, n);
    }
    free(widths);
}

static void
print_list(const struct table *table, const struct table_style *style,
           char **texts)
{
    size_t n = table->headings.n;

    if (table->caption) {
        puts(table->caption);
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        if (i && i % n == 0) {
            putchar('\n');
        }
        if (!style->no_headings) {
            printf("%-20s: ", table->headings.items[i % n]);
        }
        puts(texts[i]);
    }
}

static void
print_html_text(const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (s[i]) {
        case '&':
            fputs("&amp;", stdout);
            break;
        case '<':
            fputs("&lt;", stdout);
            break;
        case '>':
            fputs("&gt;", stdout);
            break;
        case '"':
            fputs("&quot;", stdout);
            break;
        default:
            putchar(s[i]);
            break;
        }
    }
}

/* Uuids become links: to the row, whose first column is its anchor. */
static void
print_html_cell(const char *s, size_t column)
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
        print_html_text(s, p - s);
        if (*p) {
            printf(column ? "<a href=\"#%.36s\">%.8s</a>"
                   : "<a name=\"%.36s\">%.8s</a>", p, p);
            p += UUID_LEN;
        }
        s = p;
    }
}

static void
print_html(const struct table *table, const struct table_style *style,
           char **texts)
{
    size_t n = table->headings.n;

    puts("<table border=1>");
    if (table->caption) {
        fputs("    <caption>", stdout);
        print_html_text(table->caption, strlen(table->caption));
        puts("</caption>");
    }
    if (!style->no_headings) {
        puts("  <tr>");
        VEC_FOR_EACH (heading, &table->headings) {
            fputs("    <th>", stdout);
            print_html_text(*heading, strlen(*heading));
            puts("</th>");
        }
        puts("  </tr>");
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        if (i % n == 0) {
            puts("  <tr>");
        }
        fputs("    <td>", stdout);
        print_html_cell(texts[i], i % n);
        puts("</td>");
        if (i % n == n - 1) {
            puts("  </tr>");
        }
    }
    puts("</table>");
}

static void
print_csv_cell(const char *s)
{
    if (!strpbrk(s, "\n\",")) {
        fputs(s, stdout);
        return;
    }
    putchar('"');
    for (; *s; s++) {
        if (*s == '"') {
            putchar('"');
        }
        putchar(*s);
    }
    putchar('"');
}

static void
print_csv(const struct table *table, const struct table_style *style,
          char **texts)
{
    size_t n = table->headings.n;

    if (table->caption) {
        puts(table->caption);
    }
    for (size_t i = 0; i < n && !style->no_headings; i++) {
        print_csv_cell(table->headings.items[i]);
        putchar(i == n - 1 ? '\n' : ',');
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        print_csv_cell(texts[i]);
        putchar(i % n == n - 1 ? '\n' : ',');
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
print_json(const struct table *table, const struct table_style *style)
{
    size_t n = table->headings.n;
    json_t *json = json_object();
    json_t *headings = json_array();
    json_t *data = json_array();
    json_t *row = NULL;
    char *timestamp = timestamp_text(style);
    struct str text = STR_EMPTY;

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
        jtext_put_pretty(&text, json);
    } else {
        jtext_put_json(&text, json, true);
    }
    puts(str_cstr(&text));
    str_uninit(&text);
    free(timestamp);
    json_decref(json);
}

void
table_print(const struct table *table, const struct table_style *style)
{
    static bool is_later;
    char **texts, *timestamp;

    if (style->format == TABLE_FORMAT_JSON) {
        print_json(table, style);
        return;
    }
    if (is_later && style->format != TABLE_FORMAT_HTML) {
        putchar('\n');
    }
    is_later = true;
    timestamp = timestamp_text(style);
    if (timestamp) {
        puts(timestamp);
        free(timestamp);
    }
    texts = make_texts(table, style);
    switch (style->format) {
    case TABLE_FORMAT_TABLE:
        print_table(table, style, texts);
        break;
    case TABLE_FORMAT_LIST:
        print_list(table, style, texts);
        break;
    case TABLE_FORMAT_HTML:
        print_html(table, style, texts);
        break;
    default:
        print_csv(table, style, texts);
        break;
    }
    free_texts(texts, table->cells.n);
}
