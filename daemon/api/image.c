#include "daemon/api/image.h"

#include "shared/base/rd.h"

enum { IMAGE_PIXELS_MAX = 25 * 1000 * 1000 };

static enum errc look_png(struct rd *r, struct image_info *i, struct err *e)
{
	struct span kind;

	rd_take(r, 8 + 4);
	kind = rd_take(r, 4);
	i->width = (uint32_t)rd_be(r, 4);
	i->height = (uint32_t)rd_be(r, 4);
	i->mimetype = "image/png";
	if (r->bad || !span_eq(kind, SPAN_LIT("IHDR")))
		return err_set(e, ERR_BAD_PARAMS, "image: a PNG without its header");
	return ERR_OK;
}

/* walks the segments up to the frame header (SOF) */
static enum errc look_jpeg(struct rd *r, struct image_info *i, struct err *e)
{
	rd_take(r, 2);
	i->mimetype = "image/jpeg";
	while (!r->bad) {
		uint8_t mark = rd_u8(r), kind = rd_u8(r);
		size_t len;

		while (kind == 0xff && !r->bad)
			kind = rd_u8(r); /* fill bytes */
		if (mark != 0xff)
			break;
		len = (size_t)rd_be(r, 2);
		if (kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc) {
			rd_u8(r);
			i->height = (uint32_t)rd_be(r, 2);
			i->width = (uint32_t)rd_be(r, 2);
			if (!r->bad)
				return ERR_OK;
			break;
		}
		if (len < 2)
			break;
		rd_take(r, len - 2);
	}
	return err_set(e, ERR_BAD_PARAMS, "image: a JPEG without its frame header");
}

enum errc image_look(struct span bytes, struct image_info *ret, struct err *e)
{
	struct rd r = rd_of(bytes);
	struct image_info i = { 0 };
	enum errc rc;

	if (bytes.len > 8 && memcmp(bytes.at, "\x89PNG\r\n\x1a\n", 8) == 0)
		rc = look_png(&r, &i, e);
	else if (bytes.len > 3 && memcmp(bytes.at, "\xff\xd8\xff", 3) == 0)
		rc = look_jpeg(&r, &i, e);
	else
		return err_set(e, ERR_BAD_PARAMS, "image: neither JPEG nor PNG");
	if (rc)
		return rc;
	if (i.width == 0 || i.height == 0 || (uint64_t)i.width * i.height > IMAGE_PIXELS_MAX)
		return err_set(e, ERR_BAD_PARAMS, "image: %u x %u pixels; at most 25 million",
			       i.width, i.height);
	*ret = i;
	return ERR_OK;
}
