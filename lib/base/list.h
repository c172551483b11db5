/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

/* Doubly linked circular list, embedded in its elements.  All operations take
 * constant time, but for list_size(). */

#include "lib/base/compiler.h"

struct list {
    struct list *prev;
    struct list *next;
};

#define LIST_INITIALIZER(LIST) { (LIST), (LIST) }

static inline void
list_init(struct list *list)
{
    list->prev = list->next = list;
}

static inline bool
list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Inserts 'elem' just before 'before'. */
static inline void
list_insert(struct list *before, struct list *elem)
{
    elem->prev = before->prev;
    elem->next = before;
    before->prev->next = elem;
    before->prev = elem;
}

static inline void
list_push_back(struct list *list, struct list *elem)
{
    list_insert(list, elem);
}

static inline void
list_push_front(struct list *list, struct list *elem)
{
    list_insert(list->next, elem);
}

/* Removes 'elem' from its list and leaves it an empty list of its own, so that
 * removing twice is harmless. */
static inline void
list_remove(struct list *elem)
{
    elem->prev->next = elem->next;
    elem->next->prev = elem->prev;
    list_init(elem);
}

/* Removes and returns the first element.  'list' is not empty. */
static inline struct list *
list_pop_front(struct list *list)
{
    struct list *elem = list->next;

    list_remove(elem);
    return elem;
}

/* Moves all elements of 'src' to the back of 'dst'; 'src' ends empty. */
static inline void
list_splice_back(struct list *dst, struct list *src)
{
    if (!list_is_empty(src)) {
        src->next->prev = dst->prev;
        dst->prev->next = src->next;
        src->prev->next = dst;
        dst->prev = src->prev;
        list_init(src);
    }
}

static inline size_t
list_size(const struct list *list)
{
    size_t n = 0;

    for (const struct list *e = list->next; e != list; e = e->next) {
        n++;
    }
    return n;
}

#define LIST_ELEM(VAR, NODE, MEMBER) CONTAINER_OF(NODE, __typeof__(*(VAR)), MEMBER)

/* Iterates; the loop body must not remove VAR (see LIST_FOR_EACH_SAFE). */
#define LIST_FOR_EACH(VAR, MEMBER, LIST) \
    for ((VAR) = LIST_ELEM(VAR, (LIST)->next, MEMBER); \
         &(VAR)->MEMBER != (LIST); \
         (VAR) = LIST_ELEM(VAR, (VAR)->MEMBER.next, MEMBER))

/* Iterates; the loop body may remove and free VAR, but not its successor. */
#define LIST_FOR_EACH_SAFE(VAR, MEMBER, LIST) \
    for (struct list *next_ = ((VAR) = LIST_ELEM(VAR, (LIST)->next, MEMBER), \
                               (VAR)->MEMBER.next); \
         &(VAR)->MEMBER != (LIST); \
         (VAR) = LIST_ELEM(VAR, next_, MEMBER), next_ = next_->next)

#endif /* base/list.h */
