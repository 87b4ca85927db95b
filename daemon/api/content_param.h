#pragma once
/* The parameters of what is sent, which messages, campaigns and sequences share: text; or a medium with a
 * caption; or, with split, a medium and then a text as a message of its own. Media are looked at and
 * stored before anything refers to them. */
#include "daemon/api/request.h"

struct content_param {
	const char
		*body; /* text or caption; may be NULL with a medium; borrowed from req->params */
	const char *split;  /* the text that follows the medium; NULL: none */
	int64_t media_id;   /* 0: a text, or a dry run: that stores nothing */
	const char *medium; /* "image", "video", "document"; NULL: a text */
	bool has_image;
};

enum content_use {
	CONTENT_PLAIN,    /* to one recipient, as it stands */
	CONTENT_TEMPLATE, /* to many: may hold variables and variants, which are checked */
};

/* then is called once with c, or the request has been failed */
void content_param_take(struct rpc_req *req, enum content_use use,
			void (*then)(struct rpc_req *req, const struct content_param *c));

/* Texts that come in another way: are their variables and variants right, and does some lead have each
 * variable that has no default? `what` names the parameter in errors; texts may be NULL; all are borrowed
 * until then is called, once, with e. */
void content_texts_check(struct rpc_req *req, const char *what, const char *const *texts,
			 size_t len, void (*then)(void *ctx, const struct err *e), void *ctx);
