/* SPDX-License-Identifier: Apache-2.0 */

/* Names that rows have within a command line: "--id=@p create port ..." makes
 * a row that other commands call "@p", before or after it.
 *
 * A row of a table that is not in the root set is in the database only as long
 * as something refers to it strongly, so that it is noted who does. */

#include <string.h>

#include "lib/dbctl/internal.h"

struct error *
dbctl_name_row(struct dbctl *dbctl, const char *name,
               const struct replica_row *row, bool stays)
{
    struct ovsdb_symbol *symbol;

    if (*name != '@') {
        return error_create(0, "row id \"%s\" does not begin with \"@\"",
                            name);
    }
    symbol = ovsdb_symtab_get(&dbctl->symtab, name);
    if (symbol->is_created) {
        return error_create(0, "row id \"%s\" may only be specified on one "
                            "--id option", name);
    }
    symbol->is_created = true;
    symbol->is_strong_ref = stays;
    symbol->uuid = row->uuid;
    return NULL;
}

struct error *
dbctl_reserve_rows(struct dbctl *dbctl)
{
    VEC_FOR_EACH (call, &dbctl->calls) {
        const char *name = dbctl_option(call, "--id");
        const struct replica_table_class *table;
        struct replica_row *row;
        struct error *error;

        if (strcmp(call->command->name, "create") || !name || *name != '@') {
            continue;
        }
        error = dbctl_find_table(dbctl, call->argv[1], &table);
        if (error) {
            return error;
        }
        row = replica_insert(dbctl->txn, table);
        call->created = row->uuid;
        error = dbctl_name_row(dbctl, name, row, table->is_root);
        if (error) {
            return error;
        }
    }
    return NULL;
}

static bool
holds(const union ovsdb_atom *atoms, uint32_t n, const struct uuid *uuid)
{
    for (uint32_t i = 0; i < n; i++) {
        if (uuid_equals(&atoms[i].uuid, uuid)) {
            return true;
        }
    }
    return false;
}

/* Notes references from atoms of type 'base'. */
static void
note(struct dbctl *dbctl, const struct replica_base_class *base,
     const union ovsdb_atom *atoms, uint32_t n)
{
    struct shash_node *node;

    if (base->type != REPLICA_REF) {
        return;
    }
    SHASH_FOR_EACH (node, &dbctl->symtab.symbols) {
        struct ovsdb_symbol *symbol = node->value;

        if (holds(atoms, n, &symbol->uuid)) {
            symbol->is_weak_ref |= base->is_weak;
            symbol->is_strong_ref |= !base->is_weak;
        }
    }
}

void
dbctl_note_references(struct dbctl *dbctl, const struct dbctl_column *column,
                      const struct ovsdb_datum *datum)
{
    if (shash_count(&dbctl->symtab.symbols)) {
        note(dbctl, &column->class->key, ovsdb_datum_keys(datum), datum->n);
        if (column->class->shape == REPLICA_MAP) {
            note(dbctl, &column->class->value, ovsdb_datum_values(datum),
                 datum->n);
        }
    }
}

void
dbctl_warn_of_lost_rows(const struct dbctl *dbctl)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &dbctl->symtab.symbols) {
        const struct ovsdb_symbol *symbol = node->value;

        if (!symbol->is_strong_ref) {
            dbctl_warn("row id \"%s\" was created but %s, so that it will not "
                       "be in the database", node->key,
                       symbol->is_weak_ref
                       ? "only weak references lead to it"
                       : "nothing refers to it");
        }
    }
}
