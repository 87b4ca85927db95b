#include "shared/rpc/discover.h"

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/schema.h"

static json_t *params_of(const struct cat_param *list)
{
	json_t *out = json_array();

	for (; list && list->name; list++) {
		json_array_append_new(out, json_pack("{s:s, s:s, s:b, s:o}", "name", list->name,
						     "description", list->doc, "required",
						     list->need == CAT_REQUIRED, "schema",
						     schema_of_param(list)));
	}
	return out;
}

static json_t *result_of(const struct cat_method *m)
{
	return json_pack("{s:s, s:o}", "name", m->list ? m->list : "result", "schema",
			 schema_of_result(m));
}

static json_t *errors_of(void)
{
	json_t *out = json_array();

	for (int i = 1; i < ERR_COUNT; i++) {
		enum errc code = (enum errc)i;

		json_array_append_new(out, json_pack("{s:i, s:s, s:{s:s}}", "code",
						     err_rpc_code(code), "message", err_text(code),
						     "data", "name", err_name(code)));
	}
	return out;
}

json_t *rpc_discover_document(const char *version)
{
	json_t *methods = json_array();

	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);

		json_array_append_new(
			methods, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b}", "name", m->name,
					   "summary", m->doc, "paramStructure", "either", "params",
					   params_of(m->in), "result", result_of(m), "x-role",
					   cat_role_name(m->role), "x-writes", m->writes));
	}
	return json_pack("{s:s, s:{s:s, s:s, s:{s:s}}, s:o, s:o}", "openrpc", "1.2.6", "info",
			 "title", "wad", "version", version, "license", "name", "GPL-3.0-or-later",
			 "methods", methods, "x-errors", errors_of());
}
