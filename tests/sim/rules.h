#pragma once
/* Devices with rules, and whether what has left kept them. */
#include <stdint.h>

/* gaps of 4 to 12 s; 10 a minute, 300 an hour, 2500 a day; quiet from 22:00 to 07:00 in the user's zone;
 * linked a year ago */
void sim_add_devices(int64_t user_id, int count);
/* fails the test, with the number, when the statement has rows */
void sim_none(const char *what, const char *sql);
/* over sim.sends: gaps, caps in every window, quiet hours */
void sim_check_pacing(void);
