#pragma once
/* What the list of sequences and the page of one share. */
#include "tui/table.h"

extern const struct form_field sequence_settings[]; /* what sequence.update changes */

/* its page: steps, contacts and messages in numbers */
void sequence_open(struct app *app, const char *id, const char *name);

/* -- over v, of the sequence with this id -- */
/* lists: how far each contact is; what became of its messages. days: its last day */
void sequence_contacts(struct view *v, const char *id, const char *name, int64_t days);
void sequence_log(struct view *v, const char *id, const char *name, const char *phone);
/* a form for numbers */
void sequence_enrol(struct view *v, const char *id);
/* all leads with these labels, page by page, with its progress */
void sequence_enrol_labels(struct view *v, const char *id, const char *labels);
