#pragma once
/* The parts of the view of chats; only view_chat*.c see this. One view with two panes: the list of
 * chats, and the conversation of the chosen one. Side by side from CHATS_BOTH_COLUMNS on, else that
 * which has the keys. Whose keys hold is told by the view's ops, which change with the focus. */
#include "tui/app.h"
#include "tui/chat_draft.h"
#include "tui/chat_lines.h"
#include "tui/chat_log.h"
#include "tui/chat_rows.h"
#include "tui/chat_save.h"
#include "tui/input.h"
#include "tui/list.h"

enum {
	CHATS_BOTH_COLUMNS = 100,
	CHATS_DIRTY_MAX = 32,
	JID_BYTES = 160,
	DEVICE_BYTES = 24,
	OUTGOING_MAX = 200,
};

enum focus { FOCUS_LIST, FOCUS_TALK, FOCUS_WRITE };

/* which chat */
struct chat_ref {
	char device[DEVICE_BYTES], chat[JID_BYTES];
};

/* Where the list comes from. */
struct chats_load {
	bool loading, again, refreshing, ended;
	bool anew; /* of other chats than those: they stay only until the first page */
	json_t *next;
	char why[200]; /* it could not be had; "" when it could */
	int64_t asked_at, took_ms, stale_at, flushed_at;
	struct chat_rows fresh;
	struct chat_ref dirty[CHATS_DIRTY_MAX];
	size_t dirty_len, dirty_asked;
};

/* What the conversation wants of wad; one call at a time, in this order. */
enum talk_ask {
	TALK_NOTHING,
	TALK_FIRST, /* the newest page of a chat just opened */
	TALK_THERE, /* the page that begins at a hit of a search */
	TALK_TAIL,  /* what is new */
	TALK_GAP,   /* between what was the newest and the tail */
	TALK_OLDER,
	TALK_NEWER,
	TALK_ASKS
};

/* The conversation that is shown. */
struct talk {
	char device[DEVICE_BYTES], chat[JID_BYTES], phone[24];
	char name[160];
	bool open, is_group, at_start, at_end, all_told, told;
	struct chat_log log;
	unsigned serial;              /* of the opening: answers to an earlier one are dropped */
	unsigned wants;               /* 1u << TALK_* */
	enum talk_ask asking;         /* TALK_NOTHING: no call is open */
	unsigned asked_serial, pages; /* of that call; how many in a row */
	char there[64], gap[64];      /* places */
	char why[200];                /* it could not be had; then nothing is asked */
	enum talk_ask failed;
	const struct chat_item *cursor; /* an item of the log or an outgoing one; NULL: none */
	int offset;                     /* the row of the pane where the cursor's lines begin */
	bool follow;                    /* the cursor stays with the newest */
	const struct chat_item *unread_at;
	size_t unread;     /* what the line above unread_at says */
	size_t row_unread; /* as the list has it */
	size_t below;      /* new ones below what is seen */
	int wide, high;    /* of the pane, as it was drawn last */
};

enum out_state {
	OUT_WAITS,  /* wad has not been asked, or has not answered */
	OUT_ASKED,  /* it is being asked */
	OUT_QUEUED, /* in wad's queue */
	OUT_FAILED
};

/* A message that was written here and is not stored yet. */
struct outgoing {
	struct list node; /* chats->outgoing, the oldest first */
	enum out_state state;
	bool stored; /* it came back as a stored message before wad's answer: shown as that */
	char device[DEVICE_BYTES], chat[JID_BYTES], phone[24], draft[DRAFT_NAME_BYTES];
	char key[DRAFT_KEY_BYTES], id[24]; /* of wad's queue; "" until it has answered */
	char problem[160];
	struct chat_item *item; /* as it is shown; its id is WhatsApp's, once known */
};

/* What is being written to the open chat. */
struct writing {
	struct input input;
	char name[DRAFT_NAME_BYTES]; /* of the draft's file; "" while no chat is open */
	char key[DRAFT_KEY_BYTES];   /* of a text that came back from sending; "" else */
	char *came_back;             /* that text: only it goes with this key */
};

struct chats {
	struct view base;
	enum focus focus;
	struct chat_rows rows;
	struct chats_load load;
	struct list_place place;
	char device[DEVICE_BYTES]; /* only of this one; "": of all */
	bool only_unread, filtering;
	struct input filter;
	struct talk talk;
	struct writing writing;
	struct list outgoing;
	size_t outgoing_len;
	struct save *saving;
	char saving_id[260], saving_device[DEVICE_BYTES], saving_chat[JID_BYTES];
	struct arena *arena; /* for layouts outside of frames */
	bool previewing;     /* the messages of .preview are asked for */
	struct chat_ref preview;
	bool both; /* two panes at the last draw */
};

static inline struct chats *chats_of(const struct view *v)
{
	return (struct chats *)(uintptr_t)v;
}

/* view_chats.c */
void chats_focus(struct chats *c, enum focus focus);
const struct chat_row *chats_here(const struct chats *c); /* NULL: the list is empty */
void chats_mark_read(struct chats *c, const char *device, const char *chat);

/* view_chats_load.c: the list */
void chats_ask(struct chats *c);
void chats_more(struct chats *c); /* the next page, when there is one */
void chats_dirty(struct chats *c, const char *device, const char *chat);
void chats_event(struct chats *c, const char *topic, const json_t *data);
void chats_tick(struct chats *c);
void chats_anew(struct chats *c); /* another list: the filters changed */

/* view_chats_draw.c */
void chats_draw(struct view *v, struct screen *s, struct rect in);

/* view_chat_load.c: the conversation */
void talk_open(struct chats *c, const struct chat_row *row);
/* the same beside the list, once its messages are here: what is shown stays until then, and while one
 * runs down the list only some are asked for */
void talk_preview(struct chats *c, const struct chat_row *row);
void talk_close(struct chats *c);
void talk_open_at(struct chats *c, const json_t *hit); /* an item of message.search */
/* all anew: from the message behind a place on; "": the newest */
void talk_reload(struct chats *c, const char *there);
void talk_want(struct chats *c, enum talk_ask what);
void talk_event(struct chats *c, const char *topic, const json_t *data);
void talk_again(struct chats *c); /* what failed is asked once more */
void talk_refresh(struct chats *c);
/* the row of its chat came anew */
void talk_row(struct chats *c, const struct chat_row *row);

/* view_chat_move.c: items, of the log and then outgoing ones, and the place among them */
size_t talk_len(const struct chats *c);
const struct chat_item *talk_at(const struct chats *c, size_t i);
size_t talk_index(const struct chats *c); /* of the cursor; talk_len when there is none */
size_t talk_lines(struct chats *c, struct arena *a, size_t i, struct chat_line **ret);
void talk_goto(struct chats *c, size_t i);
void talk_fit(struct chats *c); /* after any change: the cursor shows, the pane is full */
bool talk_move(struct chats *c, enum action act, const struct key *k);

/* view_chat_draw.c */
void talk_draw(struct chats *c, struct screen *s, struct rect in);

/* view_chat.c: its keys */
bool talk_key(struct chats *c, enum action act, const struct key *k);

/* view_chat_write.c */
void writing_open(struct chats *c); /* the talk was opened: its draft */
void writing_close(struct chats *c);
void writing_begin(struct chats *c);
bool writing_key(struct chats *c, enum action act, const struct key *k);
void writing_refresh(struct chats *c); /* connected: what waits is sent */
void writing_event(struct chats *c, const char *topic, const json_t *data);
/* own messages that are stored now are not shown twice */
void writing_stored(struct chats *c, const json_t *messages);
void writing_done(struct chats *c);
bool outgoing_is_of(const struct outgoing *o, const struct talk *t); /* and shown there */

/* view_chat_media.c */
void media_save(struct chats *c, const struct chat_item *it);
void media_done(struct chats *c);

/* view_chat_find.c */
void find_open(struct chats *c);
