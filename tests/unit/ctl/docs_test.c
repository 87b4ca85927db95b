#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "ctl/complete.h"
#include "ctl/docs.h"
#include "ctl/help.h"
#include "tests/unit/testing.h"

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = xcalloc(1, 65536);

	if (f == NULL)
		fail_msg("%s is missing", path);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

static void committed_completions_are_fresh(void **state)
{
	static const char *const files[][2] = {
		{ "bash", "completions/wactl.bash" },
		{ "zsh", "completions/_wactl" },
		{ "fish", "completions/wactl.fish" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *const words[] = { "completions", files[i][0] };
		AUTO_FREE char *want = NULL, *got = file_text(files[i][1]);
		struct err e = ERR_NONE;
		size_t size = 0;
		FILE *to = open_memstream(&want, &size);

		assert_int_equal(ctl_docs(to, 2, words, &e), ERR_OK);
		fclose(to);
		assert_string_equal(got, want); /* else: wactl docs completions SHELL > FILE */
	}
}

static void unknown_documents_are_refused(void **state)
{
	const char *const words[] = { "completions", "tcsh" };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(ctl_docs(stdout, 2, words, &e), ERR_USAGE);
	assert_int_equal(ctl_docs(stdout, 0, NULL, &e), ERR_USAGE);
}

static char *complete(const char *const *words)
{
	char *argv[16] = { NULL }, *text = NULL;
	size_t size = 0;
	int len = 0;
	FILE *to = open_memstream(&text, &size);

	for (; words[len]; len++)
		argv[len] = (char *)(uintptr_t)words[len];
	ctl_complete(to, len, argv);
	fclose(to);
	return text;
}

static void completion_knows_the_rows(void **state)
{
	static const struct {
		const char *words[8], *want;
	} cases[] = {
		{ { "dev" }, "device\n" },
		{ { "device", "l" }, "list\nlogout\n" },
		{ { "devices", "de" }, "delete\n" },
		{ { "help", "q" }, "queue\n" },
		{ { "message", "send", "--te" }, "--text\n" },
		{ { "message", "send", "--wait", "d" }, "delivered\n" },
		{ { "message", "send", "--wait=d" }, "--wait=delivered\n" },
		{ { "device", "list", "-o", "j" }, "json\njsonl\n" },
		{ { "-o", "json", "device", "sh" }, "show\n" },
		{ { "lead", "list", "--status", "" }, "prospect\ncustomer\n" },
		{ { "event", "watch", "database." }, "database.lost\ndatabase.back\n" },
		{ { "event", "watch", "device.*", "database.l" }, "database.lost\n" },
		{ { "docs", "completions", "b" }, "bash\n" },
		{ { "nothing", "x" }, "" },
		/* nobody answers: silence */
		{ { "--socket", "/nonexistent", "device", "show", "" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *got = complete(cases[i].words);

		assert_string_equal(got, cases[i].want);
	}
	free(complete((const char *const[]){ NULL }));
}

static void help_names_every_command_and_flag(void **state)
{
	AUTO_FREE char *all = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&all, &size);
	const struct cat_method *m;

	(void)state;
	help_all(to);
	fclose(to);
	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++) {
		AUTO_FREE char *one = NULL;
		char flag[64];

		assert_non_null(strstr(all, m->doc));
		to = open_memstream(&one, &size);
		help_method(to, m);
		fclose(to);
		for (const struct cat_param *p = m->in; p->name; p++) {
			help_flag_name(p, flag);
			assert_non_null(strstr(one, flag));
			assert_non_null(strstr(one, p->doc));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(committed_completions_are_fresh),
		cmocka_unit_test(unknown_documents_are_refused),
		cmocka_unit_test(completion_knows_the_rows),
		cmocka_unit_test(help_names_every_command_and_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
