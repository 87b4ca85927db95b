#pragma once
/* The catalogue: every method is declared once, as a row. From the row alone follow dispatch and
 * validation in the daemon, rpc.discover, wactl's commands, help and completions. The list is
 * CATALOGUE below, the rows are in catalogue_<noun>.c; daemon/api binds api_<noun>_<verb> to each,
 * so that a row without a handler does not link. Rows are constant data. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is. In JSON all but CAT_INT, CAT_BOOL, CAT_LIST, CAT_MAP, CAT_OBJECT and CAT_OBJECTS
 * are strings, ids too. */
enum cat_type {
	CAT_ID,   /* decimal digits, an int64 not below 0 */
	CAT_REF,  /* an object by id or by its unique name */
	CAT_TEXT, /* .min and .max are bytes */
	CAT_INT,  /* .min and .max are the range; both 0: any */
	CAT_BOOL,
	CAT_ENUM,    /* one of .values */
	CAT_TIME,    /* RFC 3339 with a zone; handed on as UTC with milliseconds */
	CAT_PHONE,   /* as people write it; handed on as the 7 to 15 digits of E.164 */
	CAT_LIST,    /* array of text */
	CAT_MAP,     /* names (a-z, 0-9, _) to texts; wactl: name=text, again for each */
	CAT_BYTES,   /* base64; wactl reads the file that is named; .max is of the decoded bytes */
	CAT_DOC,     /* text as it is; wactl reads the file that is named, - is stdin */
	CAT_SECRET,  /* one line of text that is never shown, logged or put on a command line */
	CAT_OBJECT,  /* only in results: names to numbers or texts */
	CAT_OBJECTS, /* array of such objects; as a parameter each is of .fields, .max is how many */
};

enum cat_need { CAT_OPTIONAL, CAT_REQUIRED };
/* each may do what those before it may: viewers read, operators write, admins manage users */
enum cat_role { ROLE_ANYONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

struct cat_param {
	const char *name;
	enum cat_type type;
	enum cat_need need;
	const char *doc;
	const char *dflt; /* text form, filled in by validation; NULL: stays absent */
	int64_t min, max;
	const char *values; /* CAT_ENUM: words separated by one space */
	const char *noun;   /* CAT_REF, CAT_ID: whose <noun>.list completes it */
	/* CAT_OBJECTS as a parameter: what each is made of; ends with .name == NULL. wactl reads the JSON file that
	 * is named, and for a CAT_BYTES in it the file behind an @ */
	const struct cat_param *fields;
};

struct cat_method {
	const char *name; /* "device.create": noun, dot, verb */
	enum cat_role role;
	bool writes;   /* changes something */
	bool destroys; /* wactl asks before it calls */
	bool rpc_only; /* no command of wactl */
	const struct cat_param
		*in; /* ends with .name == NULL; the order is that of positional params */
	const struct cat_param
		*out; /* fields of the result, or of one item of it; the order of columns */
	/* this field of the result is a file: wactl writes it as it is, HTTP answers with it. Of a large one
	 * it is a part: what follows is asked for with after = "next" until there is no next. */
	const char *document;
	const char *media_type; /* of the document */
	const char *list; /* the result is { <list>: [ items ], "next": id when there is more } */
	const char
		*args; /* wactl: parameters given by position, separated by one space; NULL: none */
	const char *http;
	const char *doc; /* one sentence */
};

/* order of help */
/* clang-format off */
#define CATALOGUE(X) \
	X(device_create) X(device_list) X(device_show) X(device_update) X(device_pair) X(device_qr) \
	X(device_cancel) X(device_reconnect) X(device_pause) X(device_resume) X(device_logout) X(device_delete) \
	X(message_send) X(message_show) X(message_list) X(message_search) X(message_media) \
	X(chat_list) X(chat_show) X(chat_read) X(chat_sync) \
	X(lead_create) X(lead_list) X(lead_labels) X(lead_show) X(lead_update) X(lead_delete) \
	X(lead_import) X(lead_export) X(lead_check) \
	X(sequence_create) X(sequence_list) X(sequence_show) X(sequence_update) X(sequence_delete) \
	X(sequence_start) X(sequence_pause) X(sequence_resume) X(sequence_enrol) X(sequence_remove) \
	X(sequence_contacts) X(sequence_log) X(sequence_summary) \
	X(campaign_create) X(campaign_list) X(campaign_show) X(campaign_update) X(campaign_preview) \
	X(campaign_start) X(campaign_pause) X(campaign_resume) X(campaign_cancel) X(campaign_delete) \
	X(campaign_report) X(campaign_recipients) X(campaign_retry) X(campaign_test) \
	X(optout_list) X(optout_add) X(optout_remove) X(optout_words) X(optout_teach) X(optout_unteach) \
	X(reply_create) X(reply_list) X(reply_show) X(reply_update) X(reply_delete) X(reply_log) \
	X(analytics_summary) X(analytics_devices) X(analytics_campaigns) X(analytics_sequences) \
	X(analytics_export) \
	X(queue_stats) X(queue_workers) X(queue_pause) X(queue_resume) X(queue_retry) \
	X(event_subscribe) X(event_unsubscribe) \
	X(webhook_create) X(webhook_list) X(webhook_show) X(webhook_update) X(webhook_rotate) \
	X(webhook_test) X(webhook_deliveries) X(webhook_replay) X(webhook_delete) \
	X(user_create) X(user_list) X(user_show) X(user_update) X(user_passwd) X(user_pause) X(user_resume) X(user_delete) \
	X(token_create) X(token_list) X(token_revoke) \
	X(session_list) X(session_revoke) \
	X(audit_list) \
	X(daemon_status) X(daemon_doctor) X(daemon_show) X(daemon_reload) X(daemon_log_level) X(daemon_stop) X(config_list) \
	X(system_hello) X(system_ping) X(system_names) X(system_act_as) \
	X(rpc_discover)
/* clang-format on */

#define X(m) extern const struct cat_method cat_##m;
CATALOGUE(X)
#undef X

/* in the order of CATALOGUE */
size_t catalogue_len(void);
const struct cat_method *catalogue_at(size_t i);
const struct cat_method *catalogue_find(const char *name); /* NULL when there is none */
/* the method whose name is nearest, NULL when none is near */
const struct cat_method *catalogue_nearest(const char *name);

const struct cat_param *cat_param_find(const struct cat_param *list, const char *name);
const struct cat_param *cat_param_nearest(const struct cat_param *list, const char *name);
/* the parameter that may also come as a body of its own, text/csv over HTTP; NULL: none, or two */
const struct cat_param *cat_param_document(const struct cat_param *list);
const char *cat_type_name(enum cat_type type); /* "id", "text", "enum" ... */
const char *cat_role_name(enum cat_role role);
/* walks the words of .values or .args: *pos starts at 0; false at the end */
bool cat_word_next(const char *words, size_t *pos, const char **ret_word, size_t *ret_len);
bool cat_word_in(const char *words, const char *word);

/* one version for all methods: additions raise the minor number */
#define RPC_API_VERSION "1.0"
