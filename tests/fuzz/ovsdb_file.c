/* SPDX-License-Identifier: Apache-2.0 */

/* Database files: the input, line by line, becomes a file whose records are
 * framed rightly (if the first byte is even) or is the file itself.  Reading
 * it must end in a database or in an error. */

#include <stdlib.h>
#include <string.h>

#include "ovsdb/server/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_all(struct span text)
{
    struct ovsdb_schema *schema = NULL;
    struct db *db = NULL;
    struct span json;
    struct error *error = dblog_parse_record(&text, &json);

    if (!error && json.data) {
        error = ovsdb_schema_from_text(json.data, json.size, &schema);
    }
    if (!error && schema) {
        db = db_create(schema);
        ovsdb_schema_unref(schema);
        while (!error) {
            error = dblog_parse_record(&text, &json);
            if (error || !json.data) {
                break;
            }
            error = record_replay(db, json);
        }
        if (!error) {
            error = db_finish_replay(db);
        }
    }
    error_free(error);
    db_destroy(db);
    assert(!ovsdb_string_count());
}

int
LLVMFuzzerTestOneInput(const uint8_t *data_, size_t size)
{
    const char *data = (const char *) data_;
    struct str file = STR_EMPTY;

    if (!size) {
        return 0;
    }
    if (data[0] & 1) {
        read_all((struct span) { data + 1, size - 1 });
        return 0;
    }
    data++;
    size--;
    while (size) {
        const char *end = memchr(data, '\n', size);
        size_t length = end ? (size_t) (end - data) : size;

        dblog_put_record(&file, data, length);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    read_all((struct span) { file.string, file.length });
    str_uninit(&file);
    return 0;
}
