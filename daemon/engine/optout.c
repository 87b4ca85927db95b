#include "daemon/engine/optout.h"

#include <string.h>

#include "shared/base/macros.h"

/* In each language: words of stop and of start, separated by |, in folded form, and the two answers. Start
 * is understood in every language, so that an answer can always name it. */
/* clang-format off */
static const struct language {
	const char *stop, *start, *stopped, *started;
} languages[] = {
	{ "stop|stop all|stopall|unsubscribe|opt out|optout|remove me", "start|unstop|subscribe|opt in",
	  "You will get no more messages from us. Reply START to get them again.",
	  "Welcome back: you will get our messages again. Reply STOP to end them." },
	{ "berhenti|henti|berhenti langgan|berhenti langganan|stop promosi|nyahlanggan", "mula|mulai|langgan",
	  "Anda tidak akan menerima mesej daripada kami lagi. Balas START untuk menerimanya semula.",
	  "Anda akan menerima mesej kami semula. Balas STOP untuk berhenti." },
	{ "baja|darme de baja|dar de baja|cancelar suscripción|no molestar", "alta|suscribir",
	  "No recibirá más mensajes nuestros. Responda START para volver a recibirlos.",
	  "Volverá a recibir nuestros mensajes. Responda STOP para no recibirlos." },
	{ "parar|sair|descadastrar|cancelar inscrição", "inscrever|voltar a receber",
	  "Você não receberá mais mensagens nossas. Responda START para voltar a recebê-las.",
	  "Você voltará a receber nossas mensagens. Responda STOP para parar." },
	{ "arrêt|arret|arrêter|désabonner|desabonner|se désabonner|désinscription", "reprendre|s abonner",
	  "Vous ne recevrez plus de messages de notre part. Répondez START pour en recevoir à nouveau.",
	  "Vous recevrez à nouveau nos messages. Répondez STOP pour ne plus en recevoir." },
	{ "stopp|abmelden|abbestellen|austragen", "anmelden",
	  "Sie erhalten keine Nachrichten mehr von uns. Antworten Sie START, um sie wieder zu erhalten.",
	  "Sie erhalten unsere Nachrichten wieder. Antworten Sie STOP, um sie zu beenden." },
	{ "disiscrivi|disiscrivimi|cancellami|annulla iscrizione", "iscrivimi",
	  "Non riceverà più nostri messaggi. Risponda START per riceverli di nuovo.",
	  "Riceverà di nuovo i nostri messaggi. Risponda STOP per non riceverli." },
	{ "afmelden|uitschrijven", "aanmelden|inschrijven",
	  "U krijgt geen berichten meer van ons. Antwoord START om ze weer te krijgen.",
	  "U krijgt onze berichten weer. Antwoord STOP om te stoppen." },
	{ "dur|durdur|abonelikten çık|iptal", "başlat",
	  "Artık bizden mesaj almayacaksınız. Yeniden almak için START yazın.",
	  "Mesajlarımızı yeniden alacaksınız. Durdurmak için STOP yazın." },
	{ "стоп|отписаться|отписка|отпишите меня", "старт|подписаться",
	  "Вы больше не будете получать наши сообщения. Ответьте START, чтобы получать их снова.",
	  "Вы снова будете получать наши сообщения. Ответьте STOP, чтобы их не получать." },
	{ "توقف|إيقاف|ايقاف|إلغاء الاشتراك|الغاء الاشتراك", "ابدأ|اشتراك",
	  "لن تصلك رسائل منا بعد الآن. أرسل START لاستلامها من جديد.",
	  "ستصلك رسائلنا من جديد. أرسل STOP لإيقافها." },
	{ "बंद|बंद करो|बंद करें|रोकें", "शुरू",
	  "अब आपको हमारे संदेश नहीं मिलेंगे। फिर से पाने के लिए START लिखें।",
	  "आपको हमारे संदेश फिर से मिलेंगे। बंद करने के लिए STOP लिखें।" },
	{ "退订|退訂|停止|取消订阅|取消訂閱", "订阅|訂閱",
	  "您将不再收到我们的消息。回复 START 可重新接收。",
	  "您将重新收到我们的消息。回复 STOP 可停止接收。" },
	{ "配信停止|登録解除", "登録",
	  "今後メッセージは届きません。再開するには START と返信してください。",
	  "メッセージの配信を再開します。停止するには STOP と返信してください。" },
	{ "หยุด|ยกเลิก|ยกเลิกรับข่าวสาร", "เริ่ม",
	  "คุณจะไม่ได้รับข้อความจากเราอีก ตอบ START เพื่อรับอีกครั้ง",
	  "คุณจะได้รับข้อความจากเราอีกครั้ง ตอบ STOP เพื่อหยุดรับ" },
	{ "dừng|hủy|huỷ|hủy đăng ký|huỷ đăng ký|ngừng", "bắt đầu|đăng ký",
	  "Bạn sẽ không nhận tin nhắn từ chúng tôi nữa. Trả lời START để nhận lại.",
	  "Bạn sẽ nhận lại tin nhắn của chúng tôi. Trả lời STOP để dừng." },
};
/* clang-format on */

const char *optout_kind_name(enum optout_kind k)
{
	switch (k) {
	case OPTOUT_NONE:
		return NULL;
	case OPTOUT_STOP:
		return "stop";
	case OPTOUT_START:
		return "start";
	}
	return NULL;
}

static bool listed(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

enum optout_kind optout_word(const char *folded, const char **ret_stopped, const char **ret_started)
{
	const struct language *l = &languages[0];
	enum optout_kind kind = OPTOUT_NONE;

	for (size_t i = 0; i < ARRAY_LEN(languages) && kind == OPTOUT_NONE && folded[0]; i++) {
		if (listed(languages[i].stop, folded))
			kind = OPTOUT_STOP;
		else if (listed(languages[i].start, folded))
			kind = OPTOUT_START;
		if (kind != OPTOUT_NONE)
			l = &languages[i];
	}
	*ret_stopped = l->stopped;
	*ret_started = l->started;
	return kind;
}

void optout_judge(const struct incoming *in, struct db_unit *unit, db_result_fn on_kind, void *ctx)
{
	const char *stopped, *started;
	enum optout_kind kind = optout_word(in->folded, &stopped, &started);
	struct arena *a;
	struct db_params *p;

	/* a user's own words are as short as the built-in ones: most messages cost nothing */
	if (in->folded[0] == '\0' || strlen(in->folded) >= OPTOUT_WORD_MAX)
		return;
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, in->user_id);
	db_p_i64(p, in->device_id);
	db_p_i64(p, in->phone);
	db_p_text(p, in->msg_id);
	db_p_text(p, in->folded);
	db_p_text(p, optout_kind_name(kind));
	db_p_text(p, stopped);
	db_p_text(p, started);
	db_unit_add_watched(unit, STMT_OPTOUT_SAID, p, on_kind, ctx);
	arena_free(a);
}
