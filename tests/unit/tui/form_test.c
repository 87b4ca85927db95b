#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tui/form_world.h"

/* -- filling in and saving -- */

static void what_was_given_is_sent_and_no_more(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "lead.create", NULL);
	shows(&w, " New thing ");
	shows(&w, "phone*");
	shows(&w, "opt in source");
	shows(&w, "required: number");
	shows(&w, "[ Save ]");
	focus_is(&w, "phone*");
	fake_press(&w.app, "012-345_6789 Enter Jane_Doe Tab SHOPS,VIP");
	fake_press(&w.app,
		   "Tab Space Tab note M-Enter two Tab city=Ipoh M-Enter _ M-Enter a_1=x=y");
	assert_int_equal(w.app.calls, 0);
	fake_press(&w.app, "^S");
	/* a_1 was written with a blank, as _ is here */
	assert_int_equal(w.app.calls, 0);
	shows(&w, "vars: a name is a to z");
	focus_is(&w, "a 1=x=y");
	fake_press(&w.app, "M-Bksp M-Bksp b=x=y F2");
	sent(&w, "lead.create",
	     "{\"phone\":\"012-345 6789\",\"name\":\"Jane Doe\",\"niche\":\"SHOPS,VIP\","
	     "\"status\":\"customer\",\"note\":\"note\\ntwo\",\"vars\":{\"city\":\"Ipoh\",\"b\":\"x=y\"}}");
	shows(&w, "waiting for wad");
	fake_press(&w.app, "^S"); /* not twice */
	assert_int_equal(w.app.calls, 1);
	fake_answer(&w.app, "{\"id\":\"17\"}");
	assert_int_equal(w.app.depth, 0);
	assert_int_equal(w.dones, 1);
	assert_string_equal(w.done_id, "17");
	world_end(&w);
}

static void enter_leads_to_the_button(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "device.pause", &(struct form_opts){ .button = "Pause" });
	fake_press(&w.app, "shop Enter holidays Enter");
	focus_is(&w, "[ Pause ]");
	fake_press(&w.app, "Up");
	focus_is(&w, "reason");
	fake_press(&w.app, "S-Tab");
	focus_is(&w, "device*");
	fake_press(&w.app, "S-Tab");
	focus_is(&w, "[ Pause ]"); /* around */
	fake_press(&w.app, "Enter");
	sent(&w, "device.pause", "{\"device\":\"shop\",\"reason\":\"holidays\"}");
	world_end(&w);
}

static void faults_are_shown_where_they_are(void **state)
{
	static const struct {
		const char *method, *label, *text, *why;
	} rows[] = {
		{ "campaign.list", "limit", "12x", "must be a whole number" },
		{ "campaign.list", "limit", "5000", "5000 is not within 1 to 1000" },
		{ "campaign.list", "after", "x", "an id is a string of digits" },
		{ "lead.create", "opt in at", "tomorrow", "must be a time such as" },
		{ "lead.create", "vars", "city", "'city' is not name=text" },
		{ "webhook.create", "secret", "short", "must not be empty" },
		{ "campaign.create", "image", "/nonexistent.png", "No such file" },
		{ "campaign.create", "image", "/tmp", "it is not a file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct form_field fields[] = {
			{ strcmp(rows[i].label, "opt in at") == 0 ? "opt_in_at" : rows[i].label,
			  NULL },
			{ NULL, NULL },
		};
		struct world w;

		world_start(&w, 24, 80);
		world_open(&w, rows[i].method, &(struct form_opts){ .fields = fields });
		fake_press(&w.app, rows[i].text);
		fake_press(&w.app, "^S");
		assert_int_equal(w.app.calls, 0);
		shows(&w, rows[i].why);
		focus_is(&w, rows[i].label);
		assert_true(row_of("!") >= 0);
		fake_press(&w.app, "^U"); /* a change takes it back */
		world_draw(&w);
		assert_int_equal(row_of(rows[i].why), -1);
		world_end(&w);
	}
}

static void what_is_required_is_asked_for(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", NULL);
	fake_press(&w.app, "Down Down x ^S");
	assert_int_equal(w.app.calls, 0);
	focus_is(&w, "title*");
	shows(&w, "title: is required");
	world_end(&w);
}

static void a_refusal_of_wad_goes_to_its_field(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", NULL);
	fake_press(&w.app, "Sale ^S");
	sent(&w, "campaign.create", "{\"title\":\"Sale\"}");
	fake_refuse(&w.app, ERR_BAD_PARAMS, "zone: there is no such zone",
		    "{\"name\":\"bad_params\",\"field\":\"zone\",\"hint\":\"as in Asia/Jakarta\"}");
	focus_is(&w, "zone");
	shows(&w, "zone: there is no such zone; as in Asia/Jakarta");
	assert_string_equal(w.app.toast, "New thing: zone: there is no such zone");
	assert_int_equal(w.app.depth, 1);
	fake_press(&w.app, "UTC ^S");
	sent(&w, "campaign.create", "{\"title\":\"Sale\",\"zone\":\"UTC\"}");
	fake_refuse(&w.app, ERR_BUSY, "too much to do", NULL); /* of the whole */
	shows(&w, "too much to do");
	fake_press(&w.app, "^S");
	fake_answer(&w.app, "{\"id\":\"1\"}");
	assert_int_equal(w.dones, 1);
	world_end(&w);
}

/* -- changing what there is -- */

static void only_changes_go_out(void **state)
{
	struct world w;
	json_t *lead = json_pack("{s:s,s:s,s:s,s:s,s:{s:s},s:s,s:s}", "id", "7", "phone",
				 "60123456789", "name", "Jane", "note", "old", "vars", "city",
				 "Ipoh", "status", "prospect", "niche", "A,B");
	json_t *fixed = json_pack("{s:s}", "lead", "7");
	const struct form_opts opts = { .preset = lead, .fixed = fixed, .changes_only = true };

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "lead.update", &opts);
	world_draw(&w);
	assert_int_equal(row_of("lead*"), -1); /* fixed: not asked for */
	shows(&w, "city=Ipoh");
	fake_press(&w.app, "^S");
	assert_int_equal(w.app.calls, 0);
	assert_string_equal(w.app.toast, "Nothing was changed");
	assert_int_equal(w.app.depth, 0);

	world_open(&w, "lead.update", &opts);
	fake_press(&w.app, "Tab x Bksp Tab Tab Space Tab ^U ^S"); /* name as it was; status; note */
	sent(&w, "lead.update", "{\"lead\":\"7\",\"note\":\"\",\"status\":\"customer\"}");
	fake_answer(&w.app, "{}");
	json_decref(lead);
	json_decref(fixed);
	world_end(&w);
}

static void what_may_not_be_emptied_says_so(void **state)
{
	const struct form_field fields[] = { { "title", "its title" },
					     { "delay_min_ms", NULL },
					     { NULL, NULL } };
	json_t *campaign = json_pack("{s:s,s:i}", "title", "Sale", "delay_min_ms", 500);
	json_t *fixed = json_pack("{s:s}", "campaign", "7");
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.update",
		   &(struct form_opts){ .preset = campaign,
					.fixed = fixed,
					.changes_only = true,
					.fields = fields });
	shows(&w, "its title");
	shows(&w, "delay min (ms)");
	fake_press(&w.app, "^U Tab 0 ^S");
	shows(&w, "its title: must not be empty");
	fake_press(&w.app, "S Tab ^U ^S");
	shows(&w, "delay min (ms): must be a whole number");
	fake_press(&w.app, "7 ^S");
	sent(&w, "campaign.update", "{\"campaign\":\"7\",\"title\":\"S\",\"delay_min_ms\":7}");
	json_decref(campaign);
	json_decref(fixed);
	world_end(&w);
}

static void leaving_asks_when_something_would_be_lost(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "lead.create", NULL);
	fake_press(&w.app, "Esc");
	assert_int_equal(w.app.depth, 0);
	assert_string_equal(w.app.question, "");
	world_open(&w, "lead.create", NULL);
	fake_press(&w.app, "q1? Esc"); /* letters are letters */
	assert_int_equal(w.app.depth, 1);
	assert_non_null(strstr(w.app.question, "lose what you wrote"));
	shows(&w, "q1?");
	fake_agree(&w.app);
	assert_int_equal(w.app.depth, 0);
	world_open(&w, "lead.create", NULL);
	fake_press(&w.app, "1 Bksp Esc"); /* as it was */
	assert_int_equal(w.app.depth, 0);
	assert_int_equal(w.dones, 0);
	world_end(&w);
}

/* -- kinds of fields -- */

static void choices_go_round(void **state)
{
	const struct form_field fields[] = {
		{ "on_reply", NULL }, { "at_once", NULL }, { "status", NULL }, { NULL, NULL }
	};
	json_t *fixed =
		json_pack("{s:s,s:[{s:i,s:s}]}", "name", "n", "steps", "day", 1, "text", "x");
	struct world w;
	int y;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "sequence.create", &(struct form_opts){ .fields = fields, .fixed = fixed });
	shows(&w, "[stop] pause  continue"); /* its default */
	y = row_of("[stop]");
	assert_int_equal(w.cursor_y, y);
	shows(&w, "[-] yes  no");
	shows(&w, "[-] prospect  customer");
	fake_press(&w.app, "Left");
	shows(&w, "stop  pause [continue]");
	fake_press(&w.app, "Right Space");
	shows(&w, "[pause]");
	fake_press(&w.app, "c Tab Space Tab p Bksp c Tab");
	shows(&w, "[yes]");
	shows(&w, "[customer]");
	fake_press(&w.app, "Enter");
	sent(&w, "sequence.create",
	     "{\"name\":\"n\",\"steps\":[{\"day\":1,\"text\":\"x\"}],\"on_reply\":\"continue\","
	     "\"at_once\":true,\"status\":\"customer\"}");
	json_decref(fixed);
	world_end(&w);
}

static void secrets_do_not_show(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "webhook.create", NULL);
	fake_press(&w.app,
		   "https://example.com/x Tab message.*,_device.*,, Tab Tab sixteen-letters! ^S");
	world_draw(&w);
	assert_int_equal(row_of("sixteen"), -1);
	assert_true(row_of("\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2") >= 0);
	sent(&w, "webhook.create",
	     "{\"url\":\"https://example.com/x\",\"topics\":[\"message.*\",\"device.*\"],"
	     "\"secret\":\"sixteen-letters!\"}");
	world_end(&w);
}

static void a_secret_is_left_changed_or_taken_away(void **state)
{
	const struct form_field fields[] = { { "proxy", NULL }, { "name", NULL }, { NULL, NULL } };
	json_t *fixed = json_pack("{s:s}", "device", "3");
	const struct form_opts opts = { .fields = fields, .fixed = fixed, .changes_only = true };
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "device.update", &opts);
	shows(&w, "(as it is)");
	fake_press(&w.app, "x Bksp ^S"); /* nothing remains of it */
	assert_string_equal(w.app.toast, "Nothing was changed");
	world_open(&w, "device.update", &opts);
	fake_press(&w.app, "Del Del");
	shows(&w, "(as it is)");
	fake_press(&w.app, "Del");
	shows(&w, "(none)");
	fake_press(&w.app, "^S");
	sent(&w, "device.update", "{\"device\":\"3\",\"proxy\":\"\"}");
	fake_refuse(&w.app, ERR_BUSY, "later", NULL);
	fake_press(&w.app, "http://p:1 Bksp ^S"); /* typed after all */
	sent(&w, "device.update", "{\"device\":\"3\",\"proxy\":\"http://p:\"}");
	json_decref(fixed);
	world_end(&w);
}

static void pastes_and_the_editor_fill_texts(void **state)
{
	struct world w;
	AUTO_FREE char *much = xmalloc(70001);

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", NULL);
	fake_paste(&w.app, "Sale\nof the year");
	fake_press(&w.app, "^A x ^E y"); /* ^E is the end of a line here */
	fake_press(&w.app, "Tab Tab Tab Tab");
	focus_is(&w, "text");
	fake_paste(&w.app, "one\r\ntwo\nthree");
	shows(&w, "two");
	w.app.edited = NULL;
	fake_press(&w.app, "^E");
	assert_string_equal(w.app.edit_was, "one\ntwo\nthree");
	w.app.edited = "one\ntwo\nfour\n"; /* an editor ends the last line */
	fake_press(&w.app, "^E ^S");
	sent(&w, "campaign.create", "{\"title\":\"xSaley\",\"text\":\"one\\ntwo\\nfour\"}");
	fake_refuse(&w.app, ERR_BUSY, "later", NULL);
	memset(much, 'x', 70000);
	much[70000] = '\0';
	w.app.edited = much;
	fake_press(&w.app, "^E");
	assert_non_null(strstr(w.app.toast, "it may have 65536 bytes"));
	world_end(&w);
}

static void long_texts_are_gone_through_row_by_row(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", NULL);
	fake_press(&w.app, "Tab Tab Tab Tab");
	fake_paste(&w.app, "one\ntwo\nthree");
	fake_press(&w.app, "Up X Up Y");
	focus_is(&w, "oneY"); /* "one" is no longer than where it was */
	shows(&w, "twoX");
	fake_press(&w.app, "Up");
	focus_is(&w, "status");
	fake_press(&w.app, "Down Down Down Down");
	focus_is(&w, "image");
	world_end(&w);
}

/* -- the plan -- */

static void draw_plan(struct view *owner, struct screen *s, struct rect in, const json_t *answer,
		      const struct err *e)
{
	(void)owner;
	screen_textf(s, in, 0, 0, STYLE_NORMAL, "plan: %s",
		     e        ? err_msg(e)
		     : answer ? json_string_value(json_object_get(answer, "total"))
			      : "none");
}

static void a_plan_follows_the_changes(void **state)
{
	json_t *dry = json_pack("{s:b}", "dry_run", 1);
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create",
		   &(struct form_opts){ .plan_method = "campaign.create",
					.plan_fixed = dry,
					.plan = draw_plan,
					.plan_rows = 3 });
	shows(&w, "plan: none");
	fake_press(&w.app, "Sale");
	fake_tick(&w.app, 299);
	assert_int_equal(w.app.calls, 0);
	fake_tick(&w.app, 1);
	sent(&w, "campaign.create", "{\"title\":\"Sale\",\"dry_run\":true}");
	fake_tick(&w.app, 1000);
	assert_int_equal(w.app.calls, 1); /* nothing is new */
	fake_press(&w.app, "s");
	fake_tick(&w.app, 1000);
	assert_int_equal(w.app.calls, 1); /* one at a time */
	fake_answer(&w.app, "{\"total\":\"12 people\"}");
	shows(&w, "plan: 12 people");
	fake_tick(&w.app, 1000);
	sent(&w, "campaign.create", "{\"title\":\"Sales\",\"dry_run\":true}");
	fake_refuse(&w.app, ERR_BAD_PARAMS, "nobody would get it", NULL);
	shows(&w, "plan: nobody would get it");
	fake_connected(&w.app); /* again */
	fake_tick(&w.app, 1000);
	sent(&w, "campaign.create", "{\"title\":\"Sales\",\"dry_run\":true}");
	fake_answer(&w.app, "{\"total\":\"13 people\"}");
	shows(&w, "plan: 13 people");
	fake_press(&w.app, "^U");
	fake_tick(&w.app, 1000);
	shows(&w, "plan: title: is required");
	assert_int_equal(row_of("!"), -1); /* nobody is told off while typing */
	assert_int_equal(w.app.calls, 3);
	fake_press(&w.app, "Sale ^S");
	sent(&w, "campaign.create", "{\"title\":\"Sale\"}");
	fake_tick(&w.app, 1000);
	assert_int_equal(w.app.calls, 4);
	json_decref(dry);
	world_end(&w);
}

/* -- on the screen -- */

static void what_is_in_focus_shows_in_any_size(void **state)
{
	static const struct {
		int rows, columns;
	} sizes[] = { { 24, 80 }, { 16, 60 }, { 12, 40 }, { 60, 200 } };
	static const char *const methods[] = { "campaign.create", "device.create",
					       "sequence.create", "user.update" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
			struct world w;
			size_t stops = 1; /* the button */

			for (const struct cat_param *p = catalogue_find(methods[m])->in; p->name;
			     p++)
				stops++;
			world_start(&w, sizes[i].rows, sizes[i].columns);
			world_open(&w, methods[m], NULL);
			for (size_t n = 0; n < 2 * stops; n++) {
				AUTO_FREE char *row = NULL;
				bool down = n < stops;

				world_draw(&w);
				assert_in_range(w.cursor_y, 1, sizes[i].rows - 2);
				assert_in_range(w.cursor_x, 1, sizes[i].columns - 2);
				row = canvas_row(w.cursor_y, 0);
				if (n == stops - 1 || n == stops)
					assert_non_null(strstr(row, "[ Save ]"));
				else
					assert_non_null(strchr(row, '>'));
				if (n != stops - 1)
					fake_press(&w.app, down ? "Tab" : "S-Tab");
			}
			focus_is(&w, "[ Save ]"); /* around, backwards */
			fake_press(&w.app, "PgUp PgUp PgUp PgUp PgUp PgUp");
			focus_is(&w, ">");
			fake_press(&w.app, "PgDn PgDn PgDn PgDn PgDn PgDn");
			focus_is(&w, "[ Save ]");
			world_end(&w);
		}
}

/* every row of the catalogue makes a form that can be gone through, and asks for what is required */
static void any_method_has_a_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);
		const struct cat_param *required = NULL;
		struct world w;

		world_start(&w, 24, 80);
		world_open(&w, m->name, NULL);
		for (const struct cat_param *p = m->in; p->name; p++) {
			required = required == NULL && p->need == CAT_REQUIRED ? p : required;
			world_draw(&w);
			fake_press(&w.app, "Tab");
		}
		focus_is(&w, "[ Save ]");
		fake_press(&w.app, "Enter");
		if (required) {
			assert_int_equal(w.app.calls, 0);
			shows(&w, ": is required");
		} else {
			sent(&w, m->name, "{}");
		}
		world_end(&w);
	}
}

static void hostile_values_stay_in_their_place(void **state)
{
	json_t *lead =
		json_pack("{s:s,s:s,s:{s:i,s:n}}", "name", "\x1b]0;x\x07\xe2\x80\xaeJane", "note",
			  "a\xc2\x9b"
			  "b\nc",
			  "vars", "n", 5, "z");
	json_t *fixed = json_pack("{s:s}", "lead", "7");
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "lead.update",
		   &(struct form_opts){ .preset = lead, .fixed = fixed, .changes_only = true });
	shows(&w, "Jane");
	for (int y = 0; y < 24; y++) {
		AUTO_FREE char *row = canvas_row(y, 0);

		assert_null(strpbrk(row, "\x1b\x07"));
	}
	fake_press(&w.app, "^S");
	assert_string_equal(w.app.toast, "Nothing was changed");
	json_decref(lead);
	json_decref(fixed);
	world_end(&w);
}

static void durations_are_told_in_units_of_people(void **state)
{
	static const struct {
		const char *field, *text, *told;
	} rows[] = {
		{ "expire_s", "", "that is 1 d" }, /* its default */
		{ "delay_max_ms", "90061000", "; that is 1 d 1 h 1 min 1 s" },
		{ "delay_min_ms", "1500", "; that is 1 s 500 ms" },
		{ "delay_min_ms", "9223372036854775807", "" },
		{ "delay_min_ms", "500", "" },
		{ "delay_min_ms", "x", "" },
		{ "lead_day_max", "60", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct form_field fields[] = { { rows[i].field, NULL }, { NULL, NULL } };
		struct world w;

		world_start(&w, 24, 150);
		world_open(&w, "sequence.create", &(struct form_opts){ .fields = fields });
		fake_press(&w.app, rows[i].text);
		if (rows[i].told[0])
			shows(&w, rows[i].told);
		world_draw(&w);
		assert_int_equal(row_of("that is") >= 0, rows[i].told[0] != '\0');
		world_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_given_is_sent_and_no_more),
		cmocka_unit_test(enter_leads_to_the_button),
		cmocka_unit_test(faults_are_shown_where_they_are),
		cmocka_unit_test(what_is_required_is_asked_for),
		cmocka_unit_test(a_refusal_of_wad_goes_to_its_field),
		cmocka_unit_test(only_changes_go_out),
		cmocka_unit_test(what_may_not_be_emptied_says_so),
		cmocka_unit_test(leaving_asks_when_something_would_be_lost),
		cmocka_unit_test(choices_go_round),
		cmocka_unit_test(secrets_do_not_show),
		cmocka_unit_test(a_secret_is_left_changed_or_taken_away),
		cmocka_unit_test(pastes_and_the_editor_fill_texts),
		cmocka_unit_test(long_texts_are_gone_through_row_by_row),
		cmocka_unit_test(a_plan_follows_the_changes),
		cmocka_unit_test(what_is_in_focus_shows_in_any_size),
		cmocka_unit_test(durations_are_told_in_units_of_people),
		cmocka_unit_test(any_method_has_a_form),
		cmocka_unit_test(hostile_values_stay_in_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
