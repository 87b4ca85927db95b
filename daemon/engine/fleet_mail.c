#include "daemon/engine/fleet_mail.h"

#include "shared/base/xalloc.h"

struct fleet_mail *fleet_mail_new(enum fleet_mail_kind kind, int64_t user_id, int64_t device_id)
{
	struct fleet_mail *m = xcalloc(1, sizeof *m);

	m->mail.kind = (int)kind;
	m->user_id = user_id;
	m->device_id = device_id;
	return m;
}

void fleet_mail_free(struct fleet_mail *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->text_len; i++)
		free(m->texts[i]);
	free(m->texts);
	free((void *)(uintptr_t)m->bytes.at);
	free(m->ids);
	free(m->text);
	free(m);
}
