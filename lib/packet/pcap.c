/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define LINKTYPE_ETHERNET 1

struct pcap_file {
    FILE *stream;
    bool is_swapped;             /* Written on a machine of other endianness. */
    bool is_ns;                  /* Fractions are ns, not us. */
};

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, max_size, link_type;
};

struct record_header {
    uint32_t seconds, fraction, size, original_size;
};

static struct error *
open_file(const char *name, const char *mode, struct pcap_file **ret)
{
    FILE *stream = fopen(name, mode);

    if (!stream) {
        return error_from_errno(errno, "%s: cannot open", name);
    }
    *ret = xzalloc(sizeof **ret);
    (*ret)->stream = stream;
    return NULL;
}

static uint32_t
to_host(const struct pcap_file *file, uint32_t x)
{
    return file->is_swapped ? __builtin_bswap32(x) : x;
}

/* Reads the header of the file and sets the members that say how to read the
 * rest. */
static struct error *
read_header(struct pcap_file *file, const char *name)
{
    struct file_header h;

    if (fread(&h, sizeof h, 1, file->stream) != 1) {
        return error_create(EPROTO, "%s: too short for a capture file", name);
    }
    file->is_swapped = (h.magic == __builtin_bswap32(MAGIC_US)
                        || h.magic == __builtin_bswap32(MAGIC_NS));
    h.magic = to_host(file, h.magic);
    if (h.magic != MAGIC_US && h.magic != MAGIC_NS) {
        return error_create(EPROTO, "%s: not a pcap file", name);
    }
    file->is_ns = h.magic == MAGIC_NS;
    if ((to_host(file, h.link_type) & 0xffff) != LINKTYPE_ETHERNET) {
        return error_create(EPROTO, "%s: link type is not Ethernet", name);
    }
    return NULL;
}

struct error *
pcap_open_read(const char *name, struct pcap_file **ret)
{
    struct error *error = open_file(name, "rbe", ret);

    if (!error) {
        error = read_header(*ret, name);
        if (error) {
            pcap_close(*ret);
            *ret = NULL;
        }
    }
    return error;
}

static void
write_header(struct pcap_file *file)
{
    const struct file_header h = {
        .magic = MAGIC_US,
        .major = 2,
        .minor = 4,
        .max_size = 1 << 18,
        .link_type = LINKTYPE_ETHERNET,
    };

    fwrite(&h, sizeof h, 1, file->stream);
    fflush(file->stream);
}

struct error *
pcap_open_write(const char *name, struct pcap_file **ret)
{
    struct error *error = open_file(name, "wbe", ret);

    if (!error) {
        write_header(*ret);
    }
    return error;
}

struct error *
pcap_open_append(const char *name, struct pcap_file **ret)
{
    struct error *error = open_file(name, "a+be", ret);

    if (error) {
        return error;
    }
    fseek((*ret)->stream, 0, SEEK_END);
    if (!ftell((*ret)->stream)) {
        write_header(*ret);
        return NULL;
    }
    rewind((*ret)->stream);
    error = read_header(*ret, name);
    if (!error && ((*ret)->is_swapped || (*ret)->is_ns)) {
        error = error_create(EPROTO, "%s: cannot append to a capture file of "
                             "other byte order or precision", name);
    }
    if (error) {
        pcap_close(*ret);
        *ret = NULL;
    } else {
        fseek((*ret)->stream, 0, SEEK_END);
    }
    return error;
}

void
pcap_close(struct pcap_file *file)
{
    if (file) {
        fclose(file->stream);
        free(file);
    }
}

int
pcap_read(struct pcap_file *file, struct packet **ret, int64_t *when_ns)
{
    struct record_header h;
    struct packet *p;
    size_t size;
    size_t n = fread(&h, 1, sizeof h, file->stream);

    if (n != sizeof h) {
        return ferror(file->stream) ? -EIO : n ? -EPROTO : -ENODATA;
    }
    size = to_host(file, h.size);
    if (size > PACKET_MAX_SIZE) {
        return -EPROTO;
    }
    p = packet_alloc(size);
    if (fread(packet_put(p, size), 1, size, file->stream) != size) {
        packet_free(p);
        return -EPROTO;
    }
    if (when_ns) {
        *when_ns = (to_host(file, h.seconds) * INT64_C(1000000000)
                    + (int64_t) to_host(file, h.fraction)
                    * (file->is_ns ? 1 : 1000));
    }
    *ret = p;
    return 0;
}

int
pcap_write(struct pcap_file *file, const struct packet *p, int64_t when_ns)
{
    const struct record_header h = {
        .seconds = when_ns / 1000000000,
        .fraction = when_ns % 1000000000 / 1000,
        .size = p->size,
        .original_size = p->size,
    };

    if (fwrite(&h, sizeof h, 1, file->stream) != 1
        || fwrite(p->data, 1, p->size, file->stream) != p->size
        || fflush(file->stream)) {
        return errno ? -errno : -EIO;
    }
    return 0;
}
