#pragma once
/* Simulated time of the whole process. */
#include <stdbool.h>
#include <stdint.h>

void sim_time_begin(int64_t wall_ms); /* before it, and after the end, time is real */
void sim_time_end(void);
void sim_time_advance(int64_t ms);
int64_t sim_time_wall_ms(void);
