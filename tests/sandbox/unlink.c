#include "tests/sandbox/conn.h"
#include "tests/sandbox/notify.h"
#include "tests/sandbox/sandbox.h"

void account_unlink(struct sandbox *sb, struct device *d)
{
	struct conn *c = d->conn;

	d->account->devices_at = sandbox_now(sb);
	if (c) {
		conn_stream_error(c, 401, "conflict", "device_removed");
		if (d->conn) /* on a slow link: the flush goes on without the device */
			conn_close(d->conn);
	}
	notify_devices(sb, d, false);
	phone_forget_device(sb, d);
	device_free(d);
	sb->dirty = true;
}
