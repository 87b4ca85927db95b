#pragma once
/* What the device handlers offer beyond their methods. */
#include "daemon/api/request.h"

/* the fleet says something happened: answers the calls that waited for it */
void api_device_changed(struct wad *w, const struct fleet_device *d, enum fleet_change what);
/* answers with the device's row, as device.show does */
void api_device_answer(struct rpc_req *req, int64_t device_id);
/* device.pair's result, also the data of the event device.qr */
json_t *api_device_pairing(struct wad *w, const struct fleet_device *d);
