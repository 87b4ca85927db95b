#pragma once
/* Intrusive doubly linked list with a head node. */
#include <stdbool.h>

#include "shared/base/macros.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}
static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}
static inline void list_add_tail(struct list *head, struct list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}
static inline void list_add_head(struct list *head, struct list *n)
{
	list_add_tail(head->next, n);
}
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = n;
}
/* for (x = first; ...): the current node may be deleted in the body */
#define LIST_EACH(pos, head)                                                          \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head); \
	     pos = pos##_next, pos##_next = pos->next)
