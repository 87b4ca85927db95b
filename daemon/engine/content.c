#include "daemon/engine/content.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/template.h"

struct content *content_new(const char *body, int64_t media_id)
{
	size_t len = strlen(body);
	struct content *c = xcalloc(1, sizeof *c + len + 1);

	memcpy(c->body, body, len + 1);
	c->refs = 1;
	c->media_id = media_id;
	c->message = (struct message){
		.kind = media_id ? MESSAGE_IMAGE : MESSAGE_TEXT,
		.text = c->body,
		.media = { .url = "", .mimetype = "", .direct_path = "", .file_name = "" },
		.quoted_id = "",
		.quoted_participant = "",
		.target_id = "",
		.destination = "",
		.skdm_group = "",
		.protocol_type = -1,
	};
	return c;
}

/* the recipient, for template_render */
struct recipient {
	const PGresult *r;
	int row;
	char phone[24];
	json_t *vars; /* NULL: not read yet */
};

static const char *own_var(struct recipient *to, const char *name)
{
	const char *key, *text = NULL;
	json_t *value;

	if (to->vars == NULL)
		to->vars = json_loads(db_text(to->r, to->row, db_col(to->r, "lead_vars")), 0, NULL);
	json_object_foreach(to->vars, key, value)
		if (strcasecmp(key, name) == 0)
			text = json_string_value(value);
	return text;
}

static const char *find_var(void *ctx, const char *name)
{
	static const struct {
		const char *name, *column;
	} of_lead[] = { { "name", "lead_name" },
			{ "niche", "lead_niche" },
			{ "note", "lead_note" } };
	struct recipient *to = ctx;

	if (strcasecmp(name, "phone") == 0)
		return to->phone;
	for (size_t i = 0; i < ARRAY_LEN(of_lead); i++)
		if (strcasecmp(name, of_lead[i].name) == 0)
			return db_text(to->r, to->row, db_col(to->r, of_lead[i].column));
	return own_var(to, name);
}

char *content_rendered(const PGresult *r, int row)
{
	struct recipient to = { .r = r, .row = row };
	char *out = xmalloc(TEMPLATE_OUT_MAX);

	snprintf(to.phone, sizeof to.phone, "%lld",
		 (long long)db_i64(r, row, db_col(r, "recipient")));
	template_render(db_text(r, row, db_col(r, "body")),
			(uint64_t)db_i64(r, row, db_col(r, "id")), find_var, &to, out,
			TEMPLATE_OUT_MAX);
	json_decref(to.vars);
	return out;
}

struct content *content_of_row(struct map *known, const PGresult *r, int row)
{
	int64_t id = db_i64(r, row, db_col(r, "content_id"));
	int min = db_col(r, "delay_min_ms"), max = db_col(r, "delay_max_ms");
	AUTO_FREE char *own =
		db_bool(r, row, db_col(r, "templated")) ? content_rendered(r, row) : NULL;
	struct content *c = id && own == NULL ? map_get(known, MAP_KEY(id)) : NULL;

	if (c)
		return content_ref(c);
	c = content_new(own ? own : db_text(r, row, db_col(r, "body")),
			db_i64(r, row, db_col(r, "media_id")));
	if (!db_is_null(r, row, min) && !db_is_null(r, row, max)) {
		c->has_pace = true;
		c->pace.gap_min_ms = (uint32_t)db_i64(r, row, min);
		c->pace.gap_max_ms = (uint32_t)db_i64(r, row, max);
	}
	if (id && own == NULL)
		map_put(known, MAP_KEY(id), content_ref(c));
	return c;
}

bool content_is_empty(const struct content *c)
{
	return c->media_id == 0 && c->body[strspn(c->body, " \t\r\n")] == '\0';
}

struct content *content_ref(struct content *c)
{
	c->refs++;
	return c;
}

void content_unref(struct content *c)
{
	if (c && --c->refs == 0)
		free(c);
}
