#pragma once
/* The parts of the page of one sequence. */
#include "tui/list.h"
#include "tui/view.h"

struct page {
	struct view base;
	char *id, *name;
	json_t *object; /* as sequence.show tells it */
	char why[200];  /* it could not be had */
	struct list_place place;
	size_t editing; /* the day a form is open for; as many as there are: a new one */
	int ticks;
	bool stale;
};

static inline struct page *page_of(struct view *v)
{
	return CONTAINER_OF(v, struct page, base);
}

static inline const char *page_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static inline long long page_number(const json_t *o, const char *name)
{
	return (long long)json_integer_value(json_object_get(o, name));
}

static inline const json_t *page_steps(const struct page *p)
{
	return json_object_get(p->object, "steps");
}

/* view_sequence_draw.c */
void sequence_page_draw(struct view *v, struct screen *s, struct rect in);
