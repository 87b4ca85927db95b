/* Replays a corpus folder (and every prefix cut of each file) through LLVMFuzzerTestOneInput, so that
 * the fuzz targets run in every test run, also without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (f == NULL)
		return -1;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc(size > 0 ? (size_t)size : 1);
	if (size < 0 || data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size) {
		fclose(f);
		free(data);
		return -1;
	}
	fclose(f);
	for (long cut = size; cut >= 0; cut -= 1 + size / 64) {
		uint8_t *exact =
			malloc(cut > 0 ? (size_t)cut : 1); /* exact size: ASan sees overreads */

		memcpy(exact, data, (size_t)cut);
		LLVMFuzzerTestOneInput(exact, (size_t)cut);
		free(exact);
	}
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER (must exist and hold at least one file)\n",
			argv[0]);
		return 2;
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		if (replay_file(path))
			return 1;
		count++;
	}
	closedir(dir);
	printf("%u corpus files replayed\n", count);
	return count ? 0 : 1;
}
