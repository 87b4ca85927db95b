#include "daemon/api/media_look.h"

#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/rd.h"
#include "shared/base/text.h"

#include "daemon/api/image.h"

enum { TEXT_LOOK = 4096 };

static bool starts(struct span bytes, size_t at, const char *with)
{
	struct rd r = rd_of(bytes);

	rd_take(&r, at);
	return span_eq(rd_take(&r, strlen(with)), span_str(with));
}

static enum errc look_video(struct span bytes, struct media_look *l, struct err *e)
{
	if (!starts(bytes, 4, "ftyp"))
		return err_set(e, ERR_BAD_PARAMS, "video: neither MP4 nor 3GP");
	l->mimetype = starts(bytes, 8, "3g") ? "video/3gpp" : "video/mp4";
	return ERR_OK;
}

/* whole UTF-8 as far as it is looked at; a character cut there does not count */
static bool is_text(struct span bytes)
{
	char head[TEXT_LOOK + 1];
	size_t len = bytes.len < TEXT_LOOK ? bytes.len : TEXT_LOOK;

	memcpy(head, bytes.at, len);
	head[len] = '\0';
	while (len && ((unsigned char)head[len - 1] & 0xc0) == 0x80)
		len--; /* the rest of the last character */
	if (len && (unsigned char)head[len - 1] >= 0xc0)
		len--;
	return len && utf8_valid(span_of(head, len));
}

static void look_document(struct span bytes, struct media_look *l)
{
	static const struct {
		const char *with, *mimetype;
	} kinds[] = {
		{ "%PDF-", "application/pdf" },
		{ "PK\x03\x04", "application/zip" },
		{ "\x89PNG\r\n\x1a\n", "image/png" },
		{ "\xff\xd8\xff", "image/jpeg" },
		{ "GIF8", "image/gif" },
		{ "\xd0\xcf\x11\xe0", "application/x-ole-storage" },
		{ "\x1f\x8b", "application/gzip" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (starts(bytes, 0, kinds[i].with)) {
			l->mimetype = kinds[i].mimetype;
			return;
		}
	l->mimetype = is_text(bytes) ? "text/plain" : "application/octet-stream";
}

enum errc media_look(const char *kind, struct span bytes, struct media_look *ret, struct err *e)
{
	struct media_look l = { 0 };
	struct image_info image;

	if (strcmp(kind, "image") == 0) {
		if (image_look(bytes, &image, e))
			return e->code;
		l = (struct media_look){ image.mimetype, image.width, image.height };
	} else if (strcmp(kind, "video") == 0) {
		if (look_video(bytes, &l, e))
			return e->code;
	} else {
		look_document(bytes, &l);
	}
	*ret = l;
	return ERR_OK;
}

const char *media_kind_of(struct span bytes)
{
	struct image_info image;
	struct err e = ERR_NONE;

	if (image_look(bytes, &image, &e) == ERR_OK)
		return "image";
	return starts(bytes, 4, "ftyp") ? "video" : "document";
}

size_t media_kind_max(const char *kind)
{
	return strcmp(kind, "image") == 0 ? MEDIA_IMAGE_MAX : MEDIA_FETCH_MAX;
}

bool media_name(const char *given, char *out)
{
	const char *slash = strrchr(given, '/'), *at = slash ? slash + 1 : given;
	size_t len = 0;

	for (; *at && len < MEDIA_NAME_MAX; at++)
		if ((unsigned char)*at >= 0x20 && *at != 0x7f && strchr("\\:*?\"<>|", *at) == NULL)
			out[len++] = *at;
	out[len] = '\0';
	utf8_mend(out);
	return strspn(out, ". ") < strlen(out);
}

enum errc media_params(struct db_params *p, int64_t user_id, const char *kind, const char *name,
		       struct span bytes, struct err *e)
{
	char clean[MEDIA_NAME_MAX + 1];
	struct media_look l;
	uint8_t hash[32];

	if (media_look(kind, bytes, &l, e))
		return e->code;
	sha256(bytes, hash);
	db_p_i64(p, user_id);
	db_p_text(p, kind);
	db_p_text(p, l.mimetype);
	db_p_bytes(p, SPAN_OF(hash));
	db_p_i32(p, (int32_t)l.width);
	db_p_i32(p, (int32_t)l.height);
	db_p_bytes(p, bytes);
	db_p_text(p, name && media_name(name, clean) ? clean : NULL);
	return ERR_OK;
}
