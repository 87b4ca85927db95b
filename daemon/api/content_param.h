#pragma once
/* The parameters text, image and caption, which messages and campaigns share: exactly one of text and
 * image; the image is looked at and stored before anything refers to it. */
#include "daemon/api/request.h"

struct content_param {
	const char *body; /* text or caption; may be NULL for an image; borrowed from req->params */
	int64_t media_id; /* 0: text, or a dry run: that stores nothing */
	bool has_image;
};

/* then is called once with c, or the request has been failed */
void content_param_take(struct rpc_req *req,
			void (*then)(struct rpc_req *req, const struct content_param *c));
