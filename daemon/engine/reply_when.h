#pragma once
/* The text forms of a rule's hours and days. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_DAYS_ALL = 127, REPLY_DAYS_TEXT = 32 };

/* begins with a time such as 09:30 */
bool reply_is_time(const char *t);
/* "09:00-18:00", over midnight "18:00-09:00"; "always" gives two empty texts. False: none of these. */
bool reply_hours_parse(const char *text, char from[static 6], char to[static 6]);
/* "mon-fri", "sat,sun", "fri-mon", "all"; bit 0 is Monday */
bool reply_days_parse(const char *text, int32_t *ret_days);
void reply_days_text(int32_t days, char out[static REPLY_DAYS_TEXT]); /* "mon,tue,wed", "all" */
