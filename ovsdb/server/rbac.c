/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/rbac.h"

#include "lib/base/alloc.h"
#include "ovsdb/server/txn.h"

static const struct ovsdb_datum *
field(const struct db_row *row, const char *name, enum ovsdb_atomic_type key,
      enum ovsdb_atomic_type value)
{
    const struct ovsdb_column *column;

    column = ovsdb_table_schema_find_column(row->table->schema, name);
    return (column && column->index < OVSDB_MAX_COLUMNS
            && column->type.key.type == key
            && column->type.value.type == value
            ? &row->fields[column->index] : NULL);
}

/* The row of the permission table that says what 'client' may do with
 * 'table', or NULL. */
static const struct db_row *
find_permission(const struct db_table *table,
                const struct execute_client *client)
{
    const struct db_table *roles = db_get_table(table->db, "RBAC_Role");

    VEC_FOR_EACH (p, &roles->slots) {
        const struct ovsdb_datum *name, *permissions;
        const struct ovsdb_column *column;
        union ovsdb_atom key;
        uint32_t i;

        name = field(*p, "name", OVSDB_TYPE_STRING, OVSDB_TYPE_VOID);
        permissions = field(*p, "permissions", OVSDB_TYPE_STRING,
                            OVSDB_TYPE_UUID);
        if (!name || !permissions || !name->n
            || strcmp(ovsdb_datum_keys(name)->string->text, client->role)) {
            continue;
        }
        key.string = ovsdb_string_from_cstr(table->schema->name);
        i = ovsdb_datum_find(permissions, &key, OVSDB_TYPE_STRING);
        ovsdb_string_unref(key.string);
        column = ovsdb_table_schema_find_column(roles->schema, "permissions");
        if (i == UINT32_MAX || !column->type.value.uuid.ref_table) {
            return NULL;
        }
        return db_find_row(db_table_of(table->db,
                                       column->type.value.uuid.ref_table),
                           &ovsdb_datum_values(permissions)[i].uuid);
    }
    return NULL;
}

/* Whether 'what', "COLUMN" or "COLUMN:KEY", of 'row' is the client's name. */
static bool
names_client(const struct db_row *row, const char *what,
             const struct execute_client *client)
{
    const char *colon = strchr(what, ':');
    struct span name = { what, colon ? (size_t) (colon - what)
                               : strlen(what) };
    const struct ovsdb_column *column;
    const struct ovsdb_datum *value;
    const char *s;

    column = ovsdb_table_schema_find_column_span(row->table->schema, &name);
    if (!column || column->type.key.type != OVSDB_TYPE_STRING) {
        return false;
    }
    value = txn_field(row, column->index);
    if (!colon) {
        return (!ovsdb_type_is_map(&column->type) && value->n == 1
                && !strcmp(ovsdb_datum_keys(value)->string->text,
                           client->id));
    }
    if (column->type.value.type != OVSDB_TYPE_STRING) {
        return false;
    }
    s = ovsdb_datum_map_get(value, colon + 1);
    return s && !strcmp(s, client->id);
}

/* Whether the client is one whom "authorization" of 'permission' names. */
static bool
is_authorized(const struct db_row *row, const struct db_row *permission,
              const struct execute_client *client)
{
    const struct ovsdb_datum *authorization;

    authorization = field(permission, "authorization", OVSDB_TYPE_STRING,
                          OVSDB_TYPE_VOID);
    for (uint32_t i = 0; authorization && i < authorization->n; i++) {
        const char *what = ovsdb_datum_keys(authorization)[i].string->text;

        /* An empty word means anybody. */
        if (!*what || (client->id && names_client(row, what, client))) {
            return true;
        }
    }
    return false;
}

static bool
may_insert_delete(const struct db_row *permission)
{
    const struct ovsdb_datum *value;

    value = field(permission, "insert_delete", OVSDB_TYPE_BOOLEAN,
                  OVSDB_TYPE_VOID);
    return value && value->n && ovsdb_datum_keys(value)->boolean;
}

/* Whether "update" of 'permission' has the column 'name', whole or a key. */
static bool
may_update_column(const struct db_row *permission, const char *name)
{
    const struct ovsdb_datum *update;
    size_t length = strlen(name);

    update = field(permission, "update", OVSDB_TYPE_STRING, OVSDB_TYPE_VOID);
    for (uint32_t i = 0; update && i < update->n; i++) {
        const char *word = ovsdb_datum_keys(update)[i].string->text;

        if (!strncmp(word, name, length)
            && (!word[length] || word[length] == ':')) {
            return true;
        }
    }
    return false;
}

static bool
applies(const struct db_row *row, const struct execute_client *client)
{
    return (client->role && *client->role
            && db_get_table(row->table->db, "RBAC_Role"));
}

static struct error *
denied(const struct db_row *row, const struct execute_client *client,
       const char *what)
{
    return error_create_tagged("permission error",
                               "RBAC rules for client \"%s\" role \"%s\" "
                               "prohibit %s table \"%s\".",
                               client->id ? client->id : "", client->role,
                               what, row->table->schema->name);
}

struct error *
rbac_check_insert(const struct db_row *row,
                  const struct execute_client *client)
{
    const struct db_row *permission;

    if (!applies(row, client)) {
        return NULL;
    }
    permission = find_permission(row->table, client);
    if (permission && may_insert_delete(permission)
        && is_authorized(row, permission, client)) {
        return NULL;
    }
    return denied(row, client, "row insertion into");
}

struct error *
rbac_check_delete(const struct db_row *row,
                  const struct execute_client *client)
{
    const struct db_row *permission;

    if (!applies(row, client)) {
        return NULL;
    }
    permission = find_permission(row->table, client);
    if (permission && may_insert_delete(permission)
        && is_authorized(row, permission, client)) {
        return NULL;
    }
    return denied(row, client, "row deletion from");
}

struct error *
rbac_check_update(const struct db_row *row, uint64_t columns,
                  const struct execute_client *client)
{
    const struct db_row *permission;

    if (!applies(row, client)) {
        return NULL;
    }
    permission = find_permission(row->table, client);
    if (!permission || !is_authorized(row, permission, client)) {
        return denied(row, client, "modification of");
    }
    for (; columns; columns &= columns - 1) {
        const struct ovsdb_column *column;

        column = ovsdb_table_schema_column(row->table->schema,
                                           __builtin_ctzll(columns));
        if (!may_update_column(permission, column->name)) {
            char *what = xasprintf("modification of column \"%s\" in",
                                   column->name);
            struct error *error = denied(row, client, what);

            free(what);
            return error;
        }
    }
    return NULL;
}
