#include "tui/checked.h"

void checked_tell(struct view *v, const json_t *result)
{
	const json_t *known = json_object_get(result, "known"), *one;
	size_t i, yes = 0;

	json_array_foreach(known, i, one)
		yes += json_is_true(json_object_get(one, "on_whatsapp"));
	view_toast(v, TOAST_GOOD,
		   "%zu of %zu known numbers are on WhatsApp; %lld are asked for now", yes,
		   json_array_size(known),
		   (long long)json_integer_value(json_object_get(result, "waiting")));
}
