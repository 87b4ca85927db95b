/* Drafts and files of messages, on the disk. */
#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tests/unit/testing.h"
#include "tui/chat_draft.h"
#include "tui/chat_save.h"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int setup(void **state)
{
	char *dir = xstrdup("/tmp/chat_files_XXXXXX");

	assert_non_null(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	setenv("HOME", dir, 1);
	unsetenv("XDG_DOWNLOAD_DIR");
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void test_drafts(void **state)
{
	char name[DRAFT_NAME_BYTES], other[DRAFT_NAME_BYTES];
	struct chat_draft d = { .text = (char *)(uintptr_t) "half a\nsentence",
				.sending = (char *)(uintptr_t) "whole",
				.key = "k1" };
	struct err e = ERR_NONE;
	AUTO_FREE char *folder = xasprintf("%s/watui/drafts", (char *)*state), *path = NULL;

	draft_name("/run/wad.sock", "ann", "1", "60120000001", name);
	draft_name("/run/wad.sock", "ann", "2", "60120000001", other);
	assert_string_not_equal(name, other);
	path = xasprintf("%s/%s", folder, name);
	assert_int_equal(draft_save(name, &d, &e), ERR_OK);
	assert_int_equal(mode_of(folder), 0700);
	assert_int_equal(mode_of(path), 0600);
	draft_load(other, &d);
	assert_null(d.text);
	draft_load(name, &d);
	assert_string_equal(d.text, "half a\nsentence");
	assert_string_equal(d.sending, "whole");
	assert_string_equal(d.key, "k1");
	draft_done(&d);
	assert_int_equal(draft_save(name, &d, &e), ERR_OK); /* nothing: it goes */
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(draft_save(name, &d, &e), ERR_OK);
}

/* a file that somebody else wrote is no reason to stumble, or to send without its key */
static void test_damaged_drafts(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"text\": 5}", "{\"text\": \"\"}" };
	AUTO_FREE char *folder = xasprintf("%s/watui/drafts", (char *)*state), *path = NULL;
	struct chat_draft d = { .text = (char *)(uintptr_t) "x" };
	struct err e = ERR_NONE;
	FILE *f;

	assert_int_equal(draft_save("n", &d, &e), ERR_OK);
	path = xasprintf("%s/n", folder);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		f = fopen(path, "w");
		fputs(texts[i], f);
		fclose(f);
		draft_load("n", &d);
		assert_null(d.text);
		assert_null(d.sending);
	}
	f = fopen(path, "w");
	fputs("{\"sending\": \"hi\"}", f);
	fclose(f);
	draft_load("n", &d);
	assert_string_equal(d.text, "hi");
	assert_null(d.sending);
	draft_done(&d);
}

static void check_name(const char *given, const char *want)
{
	struct chat_item it = { .kind = (char *)(uintptr_t) "image",
				.media = { .name = (char *)(uintptr_t)given } };
	AUTO_FREE char *name = save_file_name(&it);

	assert_string_equal(name, want);
}

static void test_names(void **state)
{
	char many[400];

	(void)state;
	check_name("report.pdf", "report.pdf");
	check_name("../../etc/passwd", "_.._etc_passwd");
	check_name("...hidden", "hidden");
	check_name("-rf", "rf");
	check_name("a\x1b[2Jb\nc\xe2\x80\xae"
		   "gpj.exe\xff",
		   "a_[2Jb_c_gpj.exe_");
	check_name("C:\\x", "C:_x");
	check_name("\xe4\xb8\xad\xe6\x96\x87.txt", "\xe4\xb8\xad\xe6\x96\x87.txt");
	check_name("..", "image-19700101-000000.bin");
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	many[120] = '\0';
	AUTO_FREE char *cut = xstrdup(many);
	many[120] = 'x';
	check_name(many, cut);
}

static void test_saving(void **state)
{
	AUTO_FREE char *path = xasprintf("%s/photo.png", (char *)*state);
	AUTO_FREE char *part = xasprintf("%s.part", path),
		       *link = xasprintf("%s/l", (char *)*state);
	struct err e = ERR_NONE;
	struct save *s;

	assert_int_equal(save_new("~/photo.png", &s, &e), ERR_OK);
	assert_int_equal(save_put(s, SPAN_LIT("abc"), &e), ERR_OK);
	assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
	assert_int_equal(save_end(s, 3, &e), ERR_OK);
	save_free(s);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(mode_of(path) & 0700, 0600);
	assert_int_equal(save_new(path, &s, &e), ERR_CONFLICT);
	/* a link that leads nowhere is there, too */
	assert_int_equal(symlink("/nowhere/at/all", link), 0);
	assert_int_equal(save_new(link, &s, &e), ERR_CONFLICT);
	assert_int_equal(save_new("/nowhere/x", &s, &e), ERR_SYSTEM);
	/* cut short, or left: nothing stays */
	assert_int_equal(save_new("~/short", &s, &e), ERR_OK);
	assert_int_equal(save_end(s, 5, &e), ERR_SHORT_INPUT);
	save_free(s);
	assert_int_equal(save_new("~/short", &s, &e), ERR_OK);
	/* somebody was quicker with the name */
	AUTO_FREE char *quick = xasprintf("%s/short", (char *)*state);
	fclose(fopen(quick, "w"));
	assert_int_equal(save_end(s, 0, &e), ERR_SYSTEM);
	save_free(s);
	AUTO_FREE char *rest = xasprintf("%s.part", quick);
	assert_int_equal(access(rest, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drafts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_drafts, setup, teardown),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_saving, setup, teardown),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
