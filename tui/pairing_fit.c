#include "tui/pairing_fit.h"

/* a full quiet zone is better, half of it is read too */
static const size_t quiets[] = { 4, 2 };

static bool fits(const struct qr_code *code, int rows, int columns, enum qr_style style,
		 size_t quiet, struct pairing_fit *ret)
{
	size_t wide = columns > 0 ? (size_t)columns : 0, high = rows > 0 ? (size_t)rows : 0;

	ret->style = style;
	ret->quiet = quiet;
	qr_size(code, style, quiet, &ret->columns, &ret->rows);
	ret->beside = ret->columns + PAIRING_TEXT_WIDE <= wide && ret->rows <= high;
	return ret->beside || (ret->columns <= wide && ret->rows + PAIRING_TEXT_HIGH <= high);
}

bool pairing_fit(const struct qr_code *code, int rows, int columns, int wish, bool ascii,
		 struct pairing_fit *ret)
{
	static const enum qr_style best[] = { QR_HALF, QR_SEXTANT };

	for (size_t i = 0; i < ARRAY_LEN(best); i++)
		for (size_t q = 0; q < ARRAY_LEN(quiets); q++) {
			enum qr_style style = ascii       ? QR_SPACES
					      : wish >= 0 ? (enum qr_style)wish
							  : best[i];

			if (fits(code, rows, columns, style, quiets[q], ret))
				return true;
		}
	return false;
}
