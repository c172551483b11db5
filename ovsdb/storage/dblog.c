/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/storage/dblog.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"

/* "OVSDB JSON LENGTH SHA1\n" is no longer than this. */
#define HEADER_MAX 128
#define SHA1_SIZE 20

struct dblog {
    char *path;
    char *real_path;        /* With symbolic links followed. */
    int fd;
    int lock_fd;            /* -1 without a lock. */
    char *map;              /* While reading; NULL if the file is empty. */
    size_t map_size;
    uint64_t end;           /* Where the next record is read or written. */
    uint64_t record_offset;
    bool is_read;           /* Reading has come to the end. */
    bool is_trimmed;        /* Nothing is behind 'end'. */
    struct str buffer;
};

static void
sha1(const char *data, size_t size, unsigned char digest[SHA1_SIZE])
{
    static EVP_MD *md;
    static EVP_MD_CTX *ctx;

    /* Fetching the algorithm costs more than a small record's digest. */
    if (!md) {
        md = EVP_MD_fetch(NULL, "SHA1", NULL);
        ctx = EVP_MD_CTX_new();
        if (!md || !ctx) {
            abort_msg("SHA-1 is not available in OpenSSL");
        }
    }
    if (!EVP_DigestInit_ex2(ctx, md, NULL)
        || !EVP_DigestUpdate(ctx, data, size)
        || !EVP_DigestFinal_ex(ctx, digest, NULL)) {
        abort_msg("SHA-1 failed in OpenSSL");
    }
}

/* Opening and locking. */

/* "DIR/.NAME.~lock~", for free(). */
static char *
lock_path(const char *path)
{
    const char *slash = strrchr(path, '/');

    return (slash
            ? xasprintf("%.*s/.%s.~lock~", (int) (slash - path), path,
                        slash + 1)
            : xasprintf(".%s.~lock~", path));
}

static struct error *
take_lock(const char *path, int *ret_fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct error *error = NULL;
    char *name = lock_path(path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        error = error_from_errno(errno, "%s: failed to open lock file", name);
    } else if (fcntl(fd, F_SETLK, &lock)) {
        int errnum = errno == EACCES ? EAGAIN : errno;

        if (errnum == EAGAIN && !fcntl(fd, F_GETLK, &lock)
            && lock.l_type != F_UNLCK) {
            error = error_create(EAGAIN, "%s: failed to lock file "
                                 "because it is locked by process %ld",
                                 name, (long) lock.l_pid);
        } else {
            error = error_from_errno(errnum, "%s: failed to lock file", name);
        }
        close(fd);
    }
    free(name);
    if (!error) {
        *ret_fd = fd;
    }
    return error;
}

static char *
follow_links(const char *path)
{
    char *real = realpath(path, NULL);

    return real ? real : xstrdup(path);
}

static struct error *
map_file(struct dblog *log)
{
    struct stat st;

    if (fstat(log->fd, &st)) {
        return error_from_errno(errno, "%s: fstat failed", log->path);
    }
    if (!S_ISREG(st.st_mode)) {
        return error_create(EINVAL, "%s: not a regular file", log->path);
    }
    if (!st.st_size) {
        return NULL;
    }
    log->map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, log->fd, 0);
    if (log->map == MAP_FAILED) {
        log->map = NULL;
        return error_from_errno(errno, "%s: mmap failed", log->path);
    }
    log->map_size = st.st_size;
    return NULL;
}

struct error *
dblog_open(const char *path, enum dblog_mode mode, struct dblog **ret)
{
    static const int flags[] = {
        [DBLOG_READ_ONLY] = O_RDONLY,
        [DBLOG_READ_WRITE] = O_RDWR,
        [DBLOG_CREATE] = O_RDWR | O_CREAT | O_EXCL,
    };
    struct dblog *log = xzalloc(sizeof *log);
    struct error *error = NULL;

    log->path = xstrdup(path);
    log->real_path = follow_links(path);
    log->fd = log->lock_fd = -1;
    if (mode != DBLOG_READ_ONLY) {
        error = take_lock(log->real_path, &log->lock_fd);
    }
    if (!error) {
        log->fd = open(log->real_path, flags[mode] | O_CLOEXEC, 0640);
        if (log->fd < 0) {
            error = error_from_errno(errno, "%s: %s failed", path,
                                     (mode == DBLOG_CREATE ? "create"
                                      : "open"));
        }
    }
    if (!error) {
        error = map_file(log);
    }
    if (error) {
        dblog_close(log);
        return error;
    }
    *ret = log;
    return NULL;
}

static void
unlock(struct dblog *log)
{
    /* The file stays: removing it would race with others who open it. */
    if (log->lock_fd >= 0) {
        close(log->lock_fd);
        log->lock_fd = -1;
    }
}

void
dblog_close(struct dblog *log)
{
    if (!log) {
        return;
    }
    dblog_end_reading(log);
    unlock(log);
    if (log->fd >= 0) {
        close(log->fd);
    }
    str_uninit(&log->buffer);
    free(log->path);
    free(log->real_path);
    free(log);
}

const char *
dblog_path(const struct dblog *log)
{
    return log->path;
}

/* Reading. */

static const char *
read_word(const char *p, const char *end, const char *word)
{
    size_t length = strlen(word);

    return ((size_t) (end - p) >= length && !memcmp(p, word, length)
            ? p + length : NULL);
}

/* Reads the first line.  Returns what is behind it, or NULL. */
static const char *
parse_header(const char *p, const char *end, size_t *length,
             unsigned char digest[SHA1_SIZE])
{
    size_t n_digits = 0;

    *length = 0;
    p = read_word(p, end, "OVSDB JSON ");
    while (p && p < end && *p >= '0' && *p <= '9' && n_digits++ < 18) {
        *length = *length * 10 + (*p++ - '0');
    }
    if (!p || !n_digits || !*length || end - p < 2 + 2 * SHA1_SIZE
        || *p++ != ' ') {
        return NULL;
    }
    for (size_t i = 0; i < SHA1_SIZE; i++) {
        int value = 0;

        for (size_t j = 0; j < 2; j++, p++) {
            int digit = (*p >= '0' && *p <= '9' ? *p - '0'
                         : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                         : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10 : -1);

            if (digit < 0) {
                return NULL;
            }
            value = value * 16 + digit;
        }
        digest[i] = value;
    }
    return *p == '\n' ? p + 1 : NULL;
}

struct error *
dblog_parse_record(struct span *text, struct span *ret)
{
    const char *end = text->data + text->size;
    unsigned char wanted[SHA1_SIZE], digest[SHA1_SIZE];
    size_t length;
    const char *p;

    *ret = SPAN_NULL;
    if (!text->size) {
        return NULL;
    }
    p = parse_header(text->data, end, &length, wanted);
    if (!p) {
        if (read_word(text->data, end, "OVSDB CLUSTER ")) {
            return error_create_tagged("ovsdb error", "cannot read a "
                                       "clustered database as a standalone "
                                       "one");
        }
        return error_create_tagged("syntax error",
                                   "parse error in header line");
    }
    if (length > (size_t) (end - p)) {
        return error_create_tagged("I/O error", "record of %zu bytes is cut "
                                   "off after %zu", length,
                                   (size_t) (end - p));
    }
    sha1(p, length, digest);
    if (memcmp(digest, wanted, SHA1_SIZE)) {
        return error_create_tagged("syntax error", "%zu bytes have another "
                                   "SHA-1 hash than the header says", length);
    }
    *ret = (struct span) { p, length };
    text->data = p + length;
    text->size = end - text->data;
    return NULL;
}

struct error *
dblog_read(struct dblog *log, struct span *ret)
{
    struct span rest = { log->map + log->end, log->map_size - log->end };
    struct error *error = dblog_parse_record(&rest, ret);

    if (error) {
        log->is_read = true;
        return error_wrap(error, "%s: at offset %llu", log->path,
                          (unsigned long long) log->end);
    }
    if (ret->data) {
        log->record_offset = log->end;
        log->end = rest.data - log->map;
    } else {
        log->is_read = true;
        log->is_trimmed = true;
    }
    return NULL;
}

uint64_t
dblog_file_size(const struct dblog *log)
{
    return log->map_size;
}

uint64_t
dblog_record_offset(const struct dblog *log)
{
    return log->record_offset;
}

void
dblog_end_reading(struct dblog *log)
{
    if (!log->is_read) {
        log->end = log->map_size;
    }
    if (log->map) {
        munmap(log->map, log->map_size);
        log->map = NULL;
    }
}

/* Writing. */

void
dblog_put_record(struct str *out, const char *json, size_t size)
{
    unsigned char digest[SHA1_SIZE];
    size_t mark = out->length;
    char header[HEADER_MAX];
    size_t header_size;

    /* The digest covers the newline, so the text is put first. */
    header_size = snprintf(header, sizeof header, "OVSDB JSON %zu ",
                           size + 1);
    str_put_bytes(out, header, header_size);
    str_put_raw(out, 2 * SHA1_SIZE);
    str_put_char(out, '\n');
    str_put_bytes(out, json, size);
    str_put_char(out, '\n');
    sha1(out->string + out->length - size - 1, size + 1, digest);
    for (size_t i = 0; i < SHA1_SIZE; i++) {
        static const char digits[] = "0123456789abcdef";
        char *p = out->string + mark + header_size + 2 * i;

        p[0] = digits[digest[i] >> 4];
        p[1] = digits[digest[i] & 15];
    }
}

void
dblog_append(struct dblog *log, const char *json, size_t size)
{
    dblog_put_record(&log->buffer, json, size);
}

/* Cuts off what is behind the last good record. */
static struct error *
trim(struct dblog *log)
{
    if (!log->is_trimmed) {
        if (ftruncate(log->fd, log->end)) {
            return error_from_errno(errno, "%s: ftruncate failed", log->path);
        }
        log->is_trimmed = true;
    }
    return NULL;
}

struct error *
dblog_flush(struct dblog *log)
{
    const char *p = log->buffer.string;
    size_t left = log->buffer.length;
    uint64_t offset = log->end;
    struct error *error = left ? trim(log) : NULL;

    while (left && !error) {
        ssize_t n = pwrite(log->fd, p, left, offset);

        if (n > 0) {
            p += n;
            left -= n;
            offset += n;
        } else if (n == 0 || errno != EINTR) {
            error = error_from_errno(n ? errno : EIO, "%s: write failed",
                                     log->path);
            log->is_trimmed = false;
        }
    }
    if (!error) {
        log->end = offset;
    } else {
        error_free(trim(log));
    }
    str_clear(&log->buffer);
    return error;
}

struct error *
dblog_sync(struct dblog *log)
{
    return (fdatasync(log->fd)
            ? error_from_errno(errno, "%s: fsync failed", log->path) : NULL);
}

uint64_t
dblog_size(const struct dblog *log)
{
    return log->end;
}

/* Replacing. */

struct error *
dblog_replace_begin(struct dblog *log, struct dblog **ret)
{
    char *path = xasprintf("%s.tmp", log->real_path);
    struct error *error;

    if (unlink(path) && errno != ENOENT) {
        error = error_from_errno(errno, "%s: failed to remove", path);
    } else {
        error = dblog_open(path, DBLOG_CREATE, ret);
    }
    free(path);
    return error;
}

/* Makes the rename durable.  Should that fail, a crash may bring back the old
 * file, which says the same. */
static void
sync_folder(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

struct error *
dblog_replace_commit(struct dblog *log, struct dblog *new_)
{
    struct error *error = dblog_flush(new_);
    struct stat st;

    if (!error && !fstat(log->fd, &st)
        && (fchmod(new_->fd, st.st_mode & 07777)
            || fchown(new_->fd, st.st_uid, st.st_gid))
        && errno != EPERM) {
        error = error_from_errno(errno, "%s: failed to set the owner",
                                 new_->path);
    }
    if (!error) {
        error = dblog_sync(new_);
    }
    if (!error && rename(new_->real_path, log->real_path)) {
        error = error_from_errno(errno, "failed to rename \"%s\" to \"%s\"",
                                 new_->real_path, log->real_path);
    }
    if (error) {
        dblog_replace_abort(new_);
        return error;
    }
    sync_folder(log->real_path);
    close(log->fd);
    log->fd = new_->fd;
    new_->fd = -1;
    log->end = new_->end;
    log->is_trimmed = new_->is_trimmed;
    dblog_close(new_);
    return NULL;
}

void
dblog_replace_abort(struct dblog *new_)
{
    if (new_) {
        unlink(new_->real_path);
        dblog_close(new_);
    }
}

struct error *
dblog_append_tail(struct dblog *new_, const struct dblog *log, uint64_t offset)
{
    while (offset < log->end) {
        size_t size = MIN(log->end - offset, 1u << 20);
        char *p = str_put_raw(&new_->buffer, size);
        ssize_t n = pread(log->fd, p, size, offset);

        if (n <= 0) {
            str_clear(&new_->buffer);
            return error_from_errno(n ? errno : EIO, "%s: read failed",
                                    log->path);
        }
        str_truncate(&new_->buffer, new_->buffer.length - (size - n));
        offset += n;
    }
    return dblog_flush(new_);
}

void
dblog_reload_end(struct dblog *log)
{
    struct stat st;

    if (!fstat(log->fd, &st)) {
        log->end = st.st_size;
    }
    log->is_trimmed = true;
}
