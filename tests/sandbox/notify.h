#pragma once
/* Notifications the server makes by itself: changed device lists, low key pools, trust tokens. */
#include "tests/sandbox/account.h"

struct sandbox;

/* tells own devices and whoever looked the list up; added false: removed */
void notify_devices(struct sandbox *sb, struct device *d, bool added);
/* a companion's pool fell below the threshold: told once until it is filled up */
void notify_low_pool(struct sandbox *sb, struct device *d);
enum { LOW_POOL = 5 };
void notify_token(struct sandbox *sb, struct account *from, struct account *to, struct span token,
		  uint64_t t);
/* the reach-out lock as JSON of an answer ("fetch") or a notification ("notify"); 0 seconds: none */
const char *notify_reach_json(struct sandbox *sb, struct arena *a, const char *what,
			      uint64_t seconds);
void notify_reach(struct sandbox *sb, struct device *d, uint64_t seconds);
void notify_server_sync(struct sandbox *sb, struct device *by, const char *collection,
			size_t version);
