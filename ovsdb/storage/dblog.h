/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_STORAGE_DBLOG_H
#define OVSDB_STORAGE_DBLOG_H

/* Database files: logs of records (ovsdb(5)), each
 *
 *     OVSDB JSON LENGTH SHA1\n
 *     LENGTH bytes of JSON, the last of them a newline
 *
 * Only one process at a time may write one; it holds a lock on the file
 * .NAME.~lock~ beside it.  A record that a crash has cut off ends the log:
 * what is before it counts, and the next append overwrites it.
 * Threads: one at a time, but for dblog_sync(). */

#include "lib/base/error.h"
#include "lib/base/span.h"
#include "lib/base/str.h"

struct dblog;

enum dblog_mode {
    DBLOG_READ_ONLY,        /* Takes no lock. */
    DBLOG_READ_WRITE,
    DBLOG_CREATE            /* The file must not exist. */
};

/* Opens or creates 'path'. */
struct error *dblog_open(const char *path, enum dblog_mode,
                         struct dblog **ret) MUST_USE;

/* Closes the file without writing what is buffered.  NULL is fine. */
void dblog_close(struct dblog *);

/* The name it was opened by. */
const char *dblog_path(const struct dblog *);

/* Reads the next record: its JSON, borrowed until dblog_end_reading(), or a
 * null span at the end.  An error means that the log ends here with something
 * that is no record; it is all right to go on and append. */
struct error *dblog_read(struct dblog *, struct span *ret) MUST_USE;

/* Bytes of the file that is being read. */
uint64_t dblog_file_size(const struct dblog *);

/* Where the record that dblog_read() returned last starts. */
uint64_t dblog_record_offset(const struct dblog *);

/* Gives back what reading needs.  The rest of the log, if there is any, is
 * kept. */
void dblog_end_reading(struct dblog *);

/* Adds a record to those that dblog_flush() will write. */
void dblog_append(struct dblog *, const char *json, size_t size);

/* Writes what was appended, in one go, behind the last record that was read.
 * On error the file is as it was (and what was appended is forgotten). */
struct error *dblog_flush(struct dblog *) MUST_USE;

/* Waits until what was flushed is on the disk.  Threads: any, while no other
 * closes 'log'. */
struct error *dblog_sync(struct dblog *) MUST_USE;

/* Bytes of records: read, and flushed. */
uint64_t dblog_size(const struct dblog *);

/* Starts a new log that is to take the place of 'log': "PATH.tmp", locked. */
struct error *dblog_replace_begin(struct dblog *log, struct dblog **ret)
    MUST_USE;

/* Puts the new log, synced, in the place of 'log', which takes over its
 * contents; 'new_' is gone.  On error 'log' stays as it is, and 'new_' is
 * removed. */
struct error *dblog_replace_commit(struct dblog *log, struct dblog *new_)
    MUST_USE;
void dblog_replace_abort(struct dblog *new_);

/* Appends to 'new_', and flushes, what 'log' has from 'offset' on. */
struct error *dblog_append_tail(struct dblog *new_, const struct dblog *log,
                                uint64_t offset) MUST_USE;

/* Goes on behind what another process has written to the file. */
void dblog_reload_end(struct dblog *);

/* Appends the record for 'json' as it stands in the file. */
void dblog_put_record(struct str *, const char *json, size_t size);

/* Reads the record at the start of 'text' and moves behind it: as
 * dblog_read(). */
struct error *dblog_parse_record(struct span *text, struct span *ret) MUST_USE;

#endif /* ovsdb/storage/dblog.h */
