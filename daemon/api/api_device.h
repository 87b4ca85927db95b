#pragma once
/* What the device handlers offer beyond their methods. */
#include "daemon/api/request.h"

/* the fleet says something happened: answers the calls that waited for it */
void api_device_changed(struct wad *w, const struct fleet_device *d, enum fleet_change what);
/* answers with the device's row, as device.show does */
void api_device_answer(struct rpc_req *req, int64_t device_id);
/* device.pair's result, also the data of the event device.qr */
json_t *api_device_pairing(struct wad *w, const struct fleet_device *d);
/* Unlinks a device, closes it, takes its rows away; cancelled: messages that waited for it. done comes once,
 * ERR_NOT_FOUND when another was faster. */
typedef void (*device_removed_fn)(void *ctx, int64_t cancelled, const struct err *e);
void api_device_remove(struct wad *w, const struct fleet_device *d, device_removed_fn done,
		       void *ctx);
