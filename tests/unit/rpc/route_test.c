#include <string.h>

#include "shared/rpc/openapi.h"
#include "shared/rpc/route.h"

#include "tests/unit/testing.h"

static struct route_path path(const char *a, const char *b, const char *c, const char *d)
{
	struct route_path p = { .segments = { a, b, c, d } };

	while (p.count < 4 && p.segments[p.count])
		p.count++;
	return p;
}

static void verbs_and_paths_name_methods(void **state)
{
	struct route_path list = path("api", "devices", NULL, NULL);
	struct route_path one = path("api", "devices", "my phone", NULL);
	struct route_path pair = path("api", "devices", "17", "pair");
	struct route_path log = path("api", "replies", "log", NULL);
	struct route_path none = path("api", "devices", "", NULL);
	char allow[64];

	(void)state;
	assert_ptr_equal(route_find_method("GET", &list), &cat_device_list);
	assert_ptr_equal(route_find_method("POST", &list), &cat_device_create);
	assert_ptr_equal(route_find_method("GET", &one), &cat_device_show);
	assert_ptr_equal(route_find_method("DELETE", &one), &cat_device_delete);
	assert_ptr_equal(route_find_method("POST", &pair), &cat_device_pair);
	assert_null(route_find_method("GET", &pair));
	assert_null(route_find_method("GET", &none));
	assert_null(route_find_method("DELETE", &log)); /* no rule is called log */
	assert_ptr_equal(route_find_method("GET", &log), &cat_reply_log);
	assert_string_equal(route_value("/api/devices/{device}", &one, "device"), "my phone");
	assert_null(route_value("/api/devices/{device}", &one, "other"));
	route_allow(&pair, allow, sizeof allow);
	assert_string_equal(allow, "POST");
	route_allow(&none, allow, sizeof allow);
	assert_string_equal(allow, "");
	assert_ptr_equal(cat_route_created(&cat_device_create), &cat_device_show);
	assert_null(cat_route_created(&cat_device_pair));
	assert_null(cat_route_created(&cat_lead_import));
}

/* every parameter in a path is one of the method's */
static void paths_name_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);
		const char *at = m->http;

		while (at && (at = strchr(at, '{')) != NULL) {
			char name[32] = "";
			const struct cat_param *p;

			strncat(name, at + 1, strcspn(at + 1, "}"));
			p = cat_param_find(m->in, name);
			if (p == NULL)
				fail_msg("%s: no parameter '%s'", m->name, name);
			at++;
		}
	}
}

static void the_document_has_every_route(void **state)
{
	json_t *doc = openapi_document("1");
	json_t *paths = json_object_get(doc, "paths");

	(void)state;
	assert_non_null(doc);
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);
		const char *p;
		char verb[8];
		json_t *operation;

		if (!cat_route(m, verb, &p))
			continue;
		for (char *c = verb; *c; c++)
			*c = (char)(*c | 0x20);
		operation = json_object_get(json_object_get(paths, p), verb);
		assert_non_null(operation);
		assert_string_equal(json_string_value(json_object_get(operation, "operationId")),
				    m->name);
	}
	for (int r = 0; r < ROUTE_COUNT; r++)
		assert_non_null(json_object_get(paths, route_row((enum route)r)->path));
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_and_paths_name_methods),
		cmocka_unit_test(paths_name_parameters),
		cmocka_unit_test(the_document_has_every_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
