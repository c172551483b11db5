/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/row_text.h"

void
row_put_member(struct str *out, const struct ovsdb_column *column,
               const struct ovsdb_datum *value, bool *is_first)
{
    size_t length = strlen(column->name);
    char *p = str_put_raw(out, length + 3 + !*is_first);

    if (!*is_first) {
        *p++ = ',';
    }
    *is_first = false;
    *p++ = '"';
    memcpy(p, column->name, length);
    p[length] = '"';
    p[length + 1] = ':';
    ovsdb_datum_put_json(out, value, &column->type);
}

void
row_put_json(struct str *out, const struct db_row *row, uint64_t columns,
             ovsdb_field_fn *field, bool skip_defaults)
{
    bool is_first = true;

    str_put_char(out, '{');
    for (; columns; columns &= columns - 1) {
        const struct ovsdb_column *column;
        const struct ovsdb_datum *value;

        column = ovsdb_table_schema_column(row->table->schema,
                                           __builtin_ctzll(columns));
        value = field(row, column);
        if (!skip_defaults || !ovsdb_datum_is_default(value, &column->type)) {
            row_put_member(out, column, value, &is_first);
        }
    }
    str_put_char(out, '}');
}

void
row_put_uuid_key(struct str *out, const struct uuid *uuid)
{
    char *p = str_put_raw(out, UUID_LEN + 3);

    *p++ = '"';
    uuid_format(uuid, p);
    p[UUID_LEN] = '"';
    p[UUID_LEN + 1] = ':';
}

void
put_error_json(struct str *out, const struct error *error)
{
    str_put(out, "{\"details\":");
    jtext_put_cstr(out, error_message(error));
    str_put(out, ",\"error\":");
    jtext_put_cstr(out, error->tag ? error->tag : "internal error");
    if (error->subject) {
        str_put(out, ",\"syntax\":");
        jtext_put_cstr(out, error->subject);
    }
    str_put_char(out, '}');
}
