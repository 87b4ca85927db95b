#pragma once
/* The dashboard's figures, alerts and their asking; only dashboard_*.c and view_dashboard.c see this.
 * What it shows it keeps as numbers and short texts; wad is asked again when its news concern them, at
 * most once a second, and at times anyway. */
#include "tui/chart.h"
#include "tui/list.h"
#include "tui/view.h"

enum dash_period { DASH_TODAY, DASH_7, DASH_30, DASH_90, DASH_RANGE, DASH_PERIODS };

/* metric, member of metrics, member of a day ("": days do not tell it), name */
#define DASH_METRIC_TABLE(X)                                        \
	X(SENT, "messagesSent", "messages", "sent")                 \
	X(DELIVERED, "messagesDelivered", "delivered", "delivered") \
	X(READ, "messagesRead", "read", "read")                     \
	X(REPLIED, "messagesReplied", "replied", "replied")         \
	X(FAILED, "messagesFailed", "failed", "failed")             \
	X(OPT_OUTS, "optOuts", "opt_outs", "opt-outs")              \
	X(RECEIVED, "messagesReceived", "received", "received")     \
	X(DIRECT, "messagesDirect", "", "direct")

enum dash_metric {
#define X(name, metric, day, label) DASH_##name,
	DASH_METRIC_TABLE(X)
#undef X
		DASH_METRICS
};

enum {
	DASH_DAYS_MAX = 366,
	DASH_TOPS_MAX = 10,
	DASH_CLASSES_MAX = 8,
	DASH_ALERTS_MAX = 200,
	DASH_ALERTS_OF_ONE = 20, /* of one kind; the rest is counted */
};

struct dash_figures {
	bool known;
	char start[11], end[11], zone[48];
	int64_t sum[DASH_METRICS];
	size_t len; /* days */
	char date[DASH_DAYS_MAX][11];
	int64_t day[DASH_METRICS][DASH_DAYS_MAX];
	int64_t people[DASH_DAYS_MAX]; /* to whom something was sent */
	size_t classes_len;
	struct dash_class {
		char name[32];
		int64_t failed;
	} classes[DASH_CLASSES_MAX]; /* most first */
};

/* a device or a campaign of the period; the one that sent most first */
struct dash_top {
	char name[64], state[16];
	int64_t sent, read, replied, failed;
};
struct dash_tops {
	struct dash_top rows[DASH_TOPS_MAX];
	size_t len;
};

enum dash_weight { DASH_BAD, DASH_WARN };
struct dash_alert {
	enum dash_weight weight;
	char text[220];
	const char *view; /* where it is mended, a name of views.h; "": nowhere */
	char id[24];      /* which one there; "": none */
};
struct dash_alerts {
	struct dash_alert rows[DASH_ALERTS_MAX];
	size_t len;
};

/* dashboard_alerts.c: pure; lists are wad's answers, NULL: not known yet */
void dash_alert_add(struct dash_alerts *a, enum dash_weight weight, const char *view,
		    const char *id, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* now: a lock that has ended is none */
void dash_alerts_of_devices(struct dash_alerts *a, const json_t *devices, unix_ms now);
void dash_alerts_of_webhooks(struct dash_alerts *a, const json_t *webhooks);
/* failed ones of the last week only */
void dash_alerts_of_campaigns(struct dash_alerts *a, const json_t *campaigns, unix_ms now);
/* those of a list that may give an alert; a new list, the caller's */
json_t *dash_worth_keeping(const json_t *items);
void dash_alerts_of_figures(struct dash_alerts *a, const struct dash_figures *f);
/* answers as figures */
void dash_figures_take(struct dash_figures *f, const json_t *summary);
/* name, sent and so on: the members' names in the items; adds to what is there already */
void dash_tops_take(struct dash_tops *t, const json_t *items, bool campaigns);

/* What is asked of wad, each a row: job, method, topics that make it stale, least and most seconds
 * between two askings */
/* clang-format off */
#define DASH_JOB_TABLE(X) \
	X(FIGURES,   "analytics.summary",   "message.* lead.opt_out lead.opt_in", 1, 30) \
	X(WEEK,      "analytics.summary",   "message.* lead.opt_out lead.opt_in", 2, 60) \
	X(STATUS,    "daemon.status",       "database.*",                         1, 15) \
	X(DEVICES,   "device.list",         "device.*",                           2, 120) \
	X(WEBHOOKS,  "webhook.list",        "webhook.*",                          2, 120) \
	X(RUNNING,   "campaign.list",       "campaign.*",                         2, 120) \
	X(SCHEDULED, "campaign.list",       "campaign.*",                         2, 120) \
	X(FAILED,    "campaign.list",       "campaign.*",                         2, 120) \
	X(TOP_DEVICES,   "analytics.devices",   "message.*",                       5, 60) \
	X(TOP_CAMPAIGNS, "analytics.campaigns", "message.* campaign.*",           5, 60)
/* clang-format on */

enum dash_job_id {
#define X(name, method, topics, least, most) DASH_JOB_##name,
	DASH_JOB_TABLE(X)
#undef X
		DASH_JOBS
};

struct dash_job {
	bool open, stale;
	bool drop;                 /* the answer is to what is not asked any more */
	int64_t asked_at, took_ms; /* monotonic ms; asked_at 0: never */
	json_t *items;             /* of lists: those that alerts are made of */
	struct dash_tops tops;     /* of TOP_ jobs: while pages come */
	unsigned pages;
};

struct dash {
	struct view base;
	enum dash_period period;
	char start[11], end[11];           /* of DASH_RANGE */
	struct dash_figures figures, week; /* week: for the charts of one day */
	struct dash_tops devices, campaigns;
	bool shows_tops; /* there was room at the last draw */
	char why[200];   /* figures could not be had; "" when they could */
	char lost[200];  /* the database is away: the reason; "" when it is there */
	struct dash_job jobs[DASH_JOBS];
	struct dash_alerts alerts;
	bool queue_paused;       /* as the alerts tell it */
	struct list_place place; /* in the alerts */
};

/* dashboard_load.c */
void dash_ask_all(struct dash *d);
void dash_ask_due(struct dash *d); /* each second */
void dash_period_changed(struct dash *d);
void dash_news(struct dash *d, const char *topic);
void dash_alerts_make(struct dash *d);
void dash_done(struct dash *d);

/* dashboard_draw.c */
void dash_draw(struct view *v, struct screen *s, struct rect in);
const char *dash_period_name(enum dash_period p);
