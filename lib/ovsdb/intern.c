/* SPDX-License-Identifier: Apache-2.0 */
/* The table of strings: open addressing with linear probing and 'backward
 * shift' removal (Knuth, The Art of Computer Programming volume 3, section
 * 6.4, algorithm R), so that it needs no tombstones.  It holds only pointers;
 * the hash beside each text decides nearly every comparison. */

#include "lib/ovsdb/intern.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/ovsdb/jtext.h"

#define MIN_SLOTS 1024u

static struct ovsdb_string **slots;
static size_t n_slots;              /* A power of 2, or 0 at first. */
static size_t n_strings;
static size_t n_bytes;

static void
place(struct ovsdb_string *s)
{
    size_t i = s->hash & (n_slots - 1);

    while (slots[i]) {
        i = (i + 1) & (n_slots - 1);
    }
    slots[i] = s;
}

static void
resize(size_t new_n_slots)
{
    struct ovsdb_string **old = slots;
    size_t n_old = n_slots;

    slots = xcalloc(new_n_slots, sizeof *slots);
    n_slots = new_n_slots;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i]) {
            place(old[i]);
        }
    }
    free(old);
}

void
ovsdb_string_reserve(size_t n)
{
    size_t wanted = MAX(n_slots, MIN_SLOTS);

    while (wanted * 3 / 4 < n_strings + n) {
        wanted *= 2;
    }
    if (wanted > n_slots) {
        resize(wanted);
    }
}

struct ovsdb_string *
ovsdb_string_create(const char *text, size_t length)
{
    uint32_t hash = hash_bytes(text, length, 0);

    if (UNLIKELY(n_strings * 4 >= n_slots * 3)) {
        resize(n_slots ? n_slots * 2 : MIN_SLOTS);
    }

    size_t i = hash & (n_slots - 1);
    for (; slots[i]; i = (i + 1) & (n_slots - 1)) {
        struct ovsdb_string *s = slots[i];

        if (s->hash == hash && s->length == length
            && !memcmp(s->text, text, length)) {
            return ovsdb_string_ref(s);
        }
    }

    struct ovsdb_string *s = xmalloc(sizeof *s + length + 1);
    s->n_refs = 1;
    s->hash = hash;
    s->length = length;
    s->is_plain = jtext_is_plain(text, length);
    memcpy(s->text, text, length);
    s->text[length] = '\0';
    slots[i] = s;
    n_strings++;
    n_bytes += sizeof *s + length + 1;
    return s;
}

struct ovsdb_string *
ovsdb_string_from_cstr(const char *text)
{
    return ovsdb_string_create(text, strlen(text));
}

void
ovsdb_string_destroy_(struct ovsdb_string *s)
{
    size_t mask = n_slots - 1;
    size_t i = s->hash & mask;

    while (slots[i] != s) {
        i = (i + 1) & mask;
    }
    for (size_t j = (i + 1) & mask; slots[j]; j = (j + 1) & mask) {
        size_t home = slots[j]->hash & mask;

        /* Moves back what could not be found past an empty slot 'i'. */
        if (((j - home) & mask) >= ((j - i) & mask)) {
            slots[i] = slots[j];
            i = j;
        }
    }
    slots[i] = NULL;
    n_strings--;
    n_bytes -= sizeof *s + s->length + 1;
    free(s);
    if (!n_strings) {
        free(slots);
        slots = NULL;
        n_slots = 0;
    } else if (n_slots > MIN_SLOTS && n_strings < n_slots / 8) {
        resize(n_slots / 2);
    }
}

int
ovsdb_string_compare(const struct ovsdb_string *a,
                     const struct ovsdb_string *b)
{
    if (a == b) {
        return 0;
    }

    int cmp = memcmp(a->text, b->text, MIN(a->length, b->length));
    return cmp ? cmp : a->length < b->length ? -1 : 1;
}

size_t
ovsdb_string_count(void)
{
    return n_strings;
}

size_t
ovsdb_string_bytes(void)
{
    return n_bytes + n_slots * sizeof *slots;
}
