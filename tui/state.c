#include "tui/state.h"

#include <string.h>

#include "shared/base/macros.h"

/* clang-format off */
static const struct {
	const char *states; /* with blanks around each */
	struct state_look look;
} looks[] = {
	{ " online sent delivered read played done success active enabled up yes ok paired customer ", { STYLE_OK, '+' } },
	{ " connecting pairing waiting running sending claimed pending backoff retrying replied ",
	  { STYLE_ACCENT, '~' } },
	{ " paused scheduled draft new expired skipped cancelled stopped completed opted_out ended removed ",
	  { STYLE_DIM, '-' } },
	{ " logged_out banned failed disabled dead no offline lost error ", { STYLE_BAD, '!' } },
};
/* clang-format on */

struct state_look state_look(const char *state)
{
	char word[40];
	size_t len = strlen(state);

	if (len == 0 || len > sizeof word - 3)
		return (struct state_look){ STYLE_NORMAL, ' ' };
	word[0] = ' ';
	memcpy(word + 1, state, len);
	memcpy(word + 1 + len, " ", 2);
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (strstr(looks[i].states, word))
			return looks[i].look;
	return (struct state_look){ STYLE_NORMAL, ' ' };
}
