#pragma once
/* Linking a device to a phone: the QR code by the room there is, its countdown, the next code in its
 * place, and what became of it. Leaving it while a code is shown gives the linking up. */
#include "tui/view.h"

/* begins to link the device; its id and its name, copied */
void pairing_open(struct app *app, const char *device, const char *name);
