/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"

/* A group or meter that is wanted. */
struct number {
    struct hmap_node node;   /* By kind and id. */
    enum id_kind kind;
    uint32_t id;
    char *text;
    bool is_there;           /* A meter that the switch has. */
};

void
numbers_init(struct numbers *numbers, const struct incr *incr,
             struct messages *messages)
{
    hmap_init(&numbers->by_id);
    numbers->incr = incr;
    numbers->messages = messages;
}

static void
forget(struct numbers *numbers, struct number *number)
{
    hmap_remove(&numbers->by_id, &number->node);
    free(number->text);
    free(number);
}

void
numbers_uninit(struct numbers *numbers)
{
    struct number *number;

    HMAP_FOR_EACH_SAFE (number, node, &numbers->by_id) {
        forget(numbers, number);
    }
    hmap_uninit(&numbers->by_id);
}

static uint64_t
number_hash(enum id_kind kind, uint32_t id)
{
    return hash_word(id, kind);
}

static struct number *
find(const struct numbers *numbers, enum id_kind kind, uint32_t id)
{
    struct number *number;

    HMAP_FOR_EACH_WITH_HASH (number, node, number_hash(kind, id),
                             &numbers->by_id) {
        if (number->kind == kind && number->id == id) {
            return number;
        }
    }
    return NULL;
}

/* What meter is to be behind 'text'; NULL for none, with which packets pass
 * unmetered. */
static const char *
find_meter(const struct numbers *numbers, const char *text)
{
    static const char literal[] = "__string: ";
    const struct incr_group *group;

    if (text_starts_with(text, literal)) {
        return text + strlen(literal);
    }
    group = incr_find(numbers->incr, FACT_METER, text, strlen(text) + 1);
    return group && group->n ? incr_group_value(group, 0) : NULL;
}

static void
put(struct numbers *numbers, struct number *number, bool wanted)
{
    const char *meter;

    if (number->kind == ID_GROUP) {
        messages_put_group(numbers->messages, number->id, number->text,
                           wanted);
        return;
    }
    meter = wanted ? find_meter(numbers, number->text) : NULL;
    if (meter || number->is_there) {
        messages_put_meter(numbers->messages, number->id, meter,
                           number->is_there);
        number->is_there = meter != NULL;
    }
}

void
numbers_put_meter(struct numbers *numbers, const char *name)
{
    struct number *number;

    HMAP_FOR_EACH (number, node, &numbers->by_id) {
        if (number->kind == ID_METER && !strcmp(number->text, name)) {
            put(numbers, number, true);
        }
    }
}

void
numbers_set(struct numbers *numbers, enum id_kind kind, const char *text,
            uint32_t id, bool wanted, bool tell)
{
    struct number *number = find(numbers, kind, id);

    if (wanted && !number) {
        number = xzalloc(sizeof *number);
        number->kind = kind;
        number->id = id;
        number->text = xstrdup(text);
        hmap_insert(&numbers->by_id, &number->node, number_hash(kind, id));
    }
    if (tell && number) {
        put(numbers, number, wanted);
    }
    if (!wanted && number) {
        forget(numbers, number);
    }
}

void
numbers_put_all(struct numbers *numbers, const struct seen *seen)
{
    struct number *number;

    HMAP_FOR_EACH (number, node, &numbers->by_id) {
        number->is_there = false;
    }
    VEC_FOR_EACH (id, &seen->meters) {
        number = find(numbers, ID_METER, *id);
        if (number) {
            number->is_there = true;
        }
    }
    HMAP_FOR_EACH (number, node, &numbers->by_id) {
        put(numbers, number, true);
    }
}

void
numbers_remove_others(struct numbers *numbers, const struct seen *seen)
{
    VEC_FOR_EACH (id, &seen->groups) {
        if (!find(numbers, ID_GROUP, *id)) {
            messages_put_group(numbers->messages, *id, NULL, false);
        }
    }
    VEC_FOR_EACH (id, &seen->meters) {
        if (!find(numbers, ID_METER, *id)) {
            messages_put_meter(numbers->messages, *id, NULL, true);
        }
    }
}
