/* Fields that are more than a line: files, objects that are picked, rows that are objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tui/form_world.h"

static void write_file(const char *dir, const char *name, size_t bytes)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < bytes; i++)
		fputc('a', f);
	assert_int_equal(fclose(f), 0);
}

static void remove_file(const char *dir, const char *name)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(remove(path), 0);
}

static void files_are_found_and_read(void **state)
{
	const struct form_field fields[] = {
		{ "title", NULL }, { "image", NULL }, { "text", NULL }, { NULL, NULL }
	};
	char dir[] = "/tmp/watui-form-XXXXXX", sub[64];
	struct world w;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "picture-1.png", 3);
	write_file(dir, "picture-2.png", (11 << 20) + 1);
	write_file(dir, ".hidden", 1);
	snprintf(sub, sizeof sub, "%s/sub", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", &(struct form_opts){ .fields = fields });
	fake_press(&w.app, "t Tab");
	fake_paste(&w.app, dir);
	fake_press(&w.app, "/p Tab");
	shows(&w, "/picture-");
	shows(&w, "picture-2.png"); /* told, as there are two */
	fake_press(&w.app, "2 Tab");
	shows(&w, "11534337 bytes");
	fake_press(&w.app, "^S");
	shows(&w, "it has 11534337 bytes, at most 11534336 are allowed");
	focus_is(&w, "image");
	fake_press(&w.app, "^W");
	fake_paste(&w.app, dir);
	fake_press(&w.app, "/s Tab");
	shows(&w, "/sub/");
	fake_press(&w.app, "Bksp Bksp Bksp Bksp pi Tab 1 Tab");
	shows(&w, "; 3 bytes");
	fake_press(&w.app, "Tab"); /* nothing more to complete: on */
	focus_is(&w, "text");
	fake_press(&w.app, "^S");
	sent(&w, "campaign.create", "{\"title\":\"t\",\"image\":\"YWFh\"}");
	world_end(&w);
	remove_file(dir, "picture-1.png");
	remove_file(dir, "picture-2.png");
	remove_file(dir, ".hidden");
	remove_file(dir, "sub");
	assert_int_equal(rmdir(dir), 0);
}

/* -- choosing from a list -- */

static void objects_are_picked_from_their_list(void **state)
{
	const struct form_field fields[] = { { "devices", NULL },
					     { "title", NULL },
					     { NULL, NULL } };
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.create", &(struct form_opts){ .fields = fields });
	fake_press(&w.app, "Tab ^P");
	assert_int_equal(w.app.depth, 1);
	shows(&w, "there is no list to choose this from");
	fake_press(&w.app, "x S-Tab ^P");
	assert_int_equal(w.app.depth, 2);
	sent(&w, "device.list", "{\"limit\":5000}");
	fake_answer(
		&w.app,
		"{\"devices\":[{\"id\":\"1\",\"name\":\"alpha\"},{\"id\":\"2\",\"name\":\"beta\"}],"
		"\"next\":\"2\"}");
	sent(&w, "device.list", "{\"limit\":5000,\"after\":\"2\"}");
	shows(&w, "more are coming");
	fake_answer(
		&w.app,
		"{\"devices\":[{\"id\":\"3\",\"name\":\"gamma, delta\"},{\"id\":\"4\",\"name\":\"Bet\"}]}");
	shows(&w, "1  alpha");
	shows(&w, "4 of 4; Enter takes it");
	fake_press(&w.app, "bet");
	world_draw(&w);
	assert_int_equal(row_of("alpha"), -1);
	shows(&w, "2 of 4");
	fake_press(&w.app, "Down");
	world_draw(&w);
	assert_int_equal(w.cursor_y, row_of("4  Bet"));
	fake_press(&w.app, "Down Up Enter");
	assert_int_equal(w.app.depth, 1);
	focus_is(&w, "devices");
	shows(&w, "beta");
	fake_press(&w.app, "^P");
	fake_answer(&w.app, "{\"devices\":[{\"id\":\"3\",\"name\":\"gamma, delta\"}]}");
	fake_press(&w.app, "Enter ^P");
	fake_refuse(&w.app, ERR_DATABASE, "the database is away", NULL);
	shows(&w, "the database is away");
	fake_press(&w.app, "Enter Esc ^S"); /* nothing is there to take */
	sent(&w, "campaign.create", "{\"title\":\"x\",\"devices\":[\"beta\",\"3\"]}");
	world_end(&w);
}

static void an_id_is_picked_as_an_id(void **state)
{
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "campaign.show", NULL);
	fake_press(&w.app, "^P");
	fake_answer(
		&w.app,
		"{\"campaigns\":[{\"id\":\"9\",\"title\":\"Sale\",\"name\":\"x\",\"state\":\"paused\"}]}");
	shows(&w, "9  Sale  paused");
	fake_press(&w.app, "Enter ^S");
	sent(&w, "campaign.show", "{\"campaign\":\"9\"}");
	world_end(&w);
	world_start(&w, 24, 80); /* what the role may not see is not offered */
	w.app.role = ROLE_VIEWER;
	world_open(&w, "system.act_as", NULL);
	fake_press(&w.app, "^P");
	assert_int_equal(w.app.depth, 1);
	world_end(&w);
}

/* -- rows that are objects -- */

static void days_are_added_changed_and_deleted(void **state)
{
	const struct form_field fields[] = {
		{ "name", NULL }, { "steps", NULL }, { "zone", NULL }, { NULL, NULL }
	};
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "sequence.create", &(struct form_opts){ .fields = fields });
	fake_press(&w.app, "Nine ^S");
	shows(&w, "steps: is required");
	focus_is(&w, "+ add");
	fake_press(&w.app, "Enter");
	assert_int_equal(w.app.depth, 2);
	shows(&w, " steps: add ");
	shows(&w, "day*");
	fake_press(&w.app, "^U 5 Tab 09:30 Tab later ^S"); /* day 1 was offered */
	assert_int_equal(w.app.depth, 1);
	shows(&w, "day 5, 09:30, later");
	fake_press(&w.app, "+");
	fake_press(&w.app, "^U 2 Tab Tab first ^S");
	assert_true(row_of("day 5") >= 0);
	world_draw(&w);
	assert_int_equal(row_of("day 2, first") + 1, row_of("day 5")); /* in their order */
	focus_is(&w, "day 2, first");
	fake_press(&w.app, "Down Down Enter"); /* the next is offered */
	fake_press(&w.app, "Tab Tab third ^S");
	shows(&w, "day 6, third");
	fake_press(&w.app, "Up Enter ^U 0 ^S");
	shows(&w, "0 is not within 1 to 3650");
	fake_press(&w.app, "^U 5 Tab ^U ^S");
	shows(&w, "day 5, later");
	fake_press(&w.app, "Down Del");
	assert_string_equal(w.app.question, "Delete this from steps: day 6, third?");
	fake_agree(&w.app);
	world_draw(&w);
	assert_int_equal(row_of("third"), -1);
	fake_press(&w.app, "^S");
	sent(&w, "sequence.create",
	     "{\"name\":\"Nine\",\"steps\":[{\"day\":2,\"text\":\"first\"},{\"day\":5,\"text\":\"later\"}]}");
	fake_refuse(&w.app, ERR_BAD_PARAMS, "steps[1]: text: too long", "{\"field\":\"steps[1]\"}");
	focus_is(&w, "day 5");
	shows(&w, "steps[1]: text: too long");
	fake_press(&w.app, "Down"); /* the next is "add", then the zone */
	fake_press(&w.app, "Down");
	focus_is(&w, "zone");
	fake_press(&w.app, "Up Up Up Up");
	focus_is(&w, "name");
	world_end(&w);
}

static void pictures_that_cannot_be_shown_are_asked_for_again(void **state)
{
	const struct form_field fields[] = { { "steps", NULL }, { NULL, NULL } };
	json_t *sequence =
		json_loads("{\"steps\":[{\"day\":1,\"caption\":\"look\",\"has_image\":true},"
			   "{\"day\":2,\"text\":\"b\",\"has_image\":false}]}",
			   0, NULL);
	json_t *fixed = json_pack("{s:s}", "sequence", "3");
	struct world w;

	(void)state;
	world_start(&w, 24, 80);
	world_open(&w, "sequence.update",
		   &(struct form_opts){ .fields = fields,
					.preset = sequence,
					.fixed = fixed,
					.changes_only = true });
	shows(&w, "day 1, image (to be named again), look");
	fake_press(&w.app, "Enter");
	shows(&w, "(has one)");
	fake_press(&w.app, "Tab Tab Tab Tab !");
	fake_press(&w.app, "^S");
	shows(&w, "day 1, image (to be named again), look!");
	fake_press(&w.app, "^S");
	sent(&w, "sequence.update",
	     "{\"sequence\":\"3\",\"steps\":[{\"day\":1,\"caption\":\"look!\"},{\"day\":2,\"text\":\"b\"}]}");
	json_decref(sequence);
	json_decref(fixed);
	world_end(&w);
}

static void many_days_scroll_within_the_form(void **state)
{
	const struct form_field fields[] = { { "name", NULL }, { "steps", NULL }, { NULL, NULL } };
	json_t *sequence = json_pack("{s:s,s:[]}", "name", "Long", "steps"),
	       *steps = json_object_get(sequence, "steps"),
	       *fixed = json_pack("{s:s}", "sequence", "3");
	struct world w;

	(void)state;
	for (int i = 1; i <= 40; i++)
		json_array_append_new(steps, json_pack("{s:i,s:s}", "day", i, "text", "x"));
	world_start(&w, 16, 60);
	world_open(&w, "sequence.update",
		   &(struct form_opts){ .fields = fields, .preset = sequence, .fixed = fixed });
	fake_press(&w.app, "S-Tab S-Tab");
	focus_is(&w, "+ add");
	fake_press(&w.app, "Up");
	focus_is(&w, "day 40, x");
	assert_int_equal(row_of(" New thing "), 0); /* nothing is drawn over the frame */
	assert_int_equal(row_of("day 3, x"), -1);
	for (int y = 0; y < 16; y++) {
		AUTO_FREE char *row = canvas_row(y, 0);

		if (strstr(row, "day "))
			assert_in_range(y, 1, 10);
	}
	for (int i = 0; i < 20; i++)
		fake_press(&w.app, "Up");
	focus_is(&w, "day 20, x");
	fake_press(&w.app, "^S");
	assert_int_equal(json_array_size(json_object_get(w.app.call.params, "steps")), 40);
	json_decref(sequence);
	json_decref(fixed);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_and_read),
		cmocka_unit_test(objects_are_picked_from_their_list),
		cmocka_unit_test(an_id_is_picked_as_an_id),
		cmocka_unit_test(days_are_added_changed_and_deleted),
		cmocka_unit_test(many_days_scroll_within_the_form),
		cmocka_unit_test(pictures_that_cannot_be_shown_are_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
