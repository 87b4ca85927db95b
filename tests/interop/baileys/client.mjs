// A Baileys companion that is driven line by line: commands come as JSON on stdin, answers and events
// leave as JSON on stdout. tests/interop/party.py names the commands. The library is used as published;
// what this program spoils on command is its own key store.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const say = line => process.stdout.write(JSON.stringify(line) + '\n')
for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
	console[level] = (...args) => process.stderr.write(args.map(String).join(' ') + '\n')
}

const baileys = await import('baileys')
const { default: pino } = await import('pino')
const {
	makeWASocket, initAuthCreds, downloadMediaMessage, BufferJSON, DisconnectReason, WA_CERT_DETAILS, proto
} = baileys

const [url, rootKey, pushName] = process.argv.slice(2)
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')

const logger = pino({ level: process.env.INTEROP_LOG ?? 'warn' }, pino.destination(2))
const creds = initAuthCreds()
const kept = new Map() // "type id" -> value
const sent = new Map() // message id -> content, for those who ask again
let sock

// as the library's own file store does: byte arrays come back as Buffers
const copy = value => JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver)

const keys = {
	get: async (type, ids) => {
		const found = {}
		for (const id of ids) {
			const value = kept.get(`${type} ${id}`)
			if (value === undefined) continue
			found[id] = type === 'app-state-sync-key'
				? proto.Message.AppStateSyncKeyData.fromObject(copy(value))
				: copy(value)
		}
		return found
	},
	set: async data => {
		for (const type in data) {
			for (const id in data[type]) {
				if (data[type][id] == null) kept.delete(`${type} ${id}`)
				else kept.set(`${type} ${id}`, copy(data[type][id]))
			}
		}
	}
}

// sessions with any device of one of these users; LID users are kept as "user_1"
function sessionsWith(users) {
	return [...kept.keys()].filter(key => {
		const [type, id] = key.split(' ')
		return type === 'session' && users.includes(id.split('.')[0].split('_')[0])
	})
}

function spoil(record) {
	for (const session of Object.values(record._sessions)) {
		for (const chain of Object.values(session._chains)) {
			if (chain.chainType === 1) chain.chainKey.key = Buffer.alloc(32, 7).toString('base64')
		}
	}
	return record
}

async function report(message, kind) {
	const { key, message: body, messageStubType } = message
	const at = { id: key.id, chat: key.remoteJid, fromMe: !!key.fromMe }
	if (!body) {
		if (messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) say({ event: 'undecryptable', ...at })
		return
	}
	const image = body.imageMessage
	const text = body.conversation || body.extendedTextMessage?.text
	if (image) {
		const bytes = await downloadMediaMessage(message, 'buffer', {}, { logger, reuploadRequest: sock.updateMediaMessage })
		const sha256 = createHash('sha256').update(bytes).digest('hex')
		say({ event: 'message', ...at, image: sha256, bytes: bytes.length, text: image.caption ?? '', offline: kind === 'append' })
	} else if (text) {
		say({ event: 'message', ...at, text, offline: kind === 'append' })
	}
}

const reported = message => report(message.m, message.kind).catch(error =>
	say({ event: 'message_failed', id: message.m.key.id, why: String(error?.stack ?? error) }))

// on one machine the other party may ask again before sendMessage has returned
async function sentMessage(id) {
	for (let n = 0; n < 200 && !sent.has(id); n++) await new Promise(done => setTimeout(done, 25))
	return sent.get(id)
}

function connect() {
	sock = makeWASocket({
		auth: { creds, keys },
		waWebSocketUrl: url,
		version: [2, 3000, 1035194821],
		logger,
		pushName,
		markOnlineOnConnect: true,
		syncFullHistory: false,
		getMessage: key => sentMessage(key.id)
	})
	const mine = sock
	sock.ev.on('creds.update', update => Object.assign(creds, update))
	sock.ev.on('connection.update', update => {
		if (mine !== sock) return
		if (update.qr) say({ event: 'qr', text: update.qr })
		if (update.connection === 'open') say({ event: 'open', jid: creds.me.id, lid: creds.me.lid ?? '' })
		if (update.connection === 'close') {
			const code = update.lastDisconnect?.error?.output?.statusCode
			say({ event: 'close', code: code ?? 0, why: update.lastDisconnect?.error?.message ?? '' })
			if (code === DisconnectReason.restartRequired) connect()
		}
	})
	sock.ev.on('messages.upsert', ({ messages, type }) => messages.forEach(m => reported({ m, kind: type })))
	sock.ev.on('messages.update', updates => updates.forEach(({ key, update }) => {
		if (update.message) reported({ m: { key, ...update }, kind: 'update' })
		else if (update.status !== undefined) say({ event: 'status', id: key.id, status: update.status })
	}))
	sock.ev.on('messaging-history.set', ({ chats, messages, syncType, peerDataRequestSessionId: request }) => {
		if (syncType !== proto.HistorySync.HistorySyncType.ON_DEMAND) return
		say({ event: 'history', request, ids: messages.map(m => m.key.id), end: chats[0]?.endOfHistoryTransferType })
	})
	sock.ws.on('CB:receipt', node => {
		if (node.attrs.type === 'retry') say({ event: 'retry_asked', id: node.attrs.id, from: node.attrs.from })
	})
}

async function send(to, content) {
	const message = await sock.sendMessage(to.includes('@') ? to : `${to}@s.whatsapp.net`, content)
	sent.set(message.key.id, message.message)
	return { msg: message.key.id }
}

const ops = {
	connect: async () => connect(),
	pair_code: async ({ phone }) => ({ code: await sock.requestPairingCode(phone) }),
	disconnect: async () => {
		const ended = sock
		sock = undefined
		await ended.end(undefined)
	},
	send_text: async ({ to, text }) => send(to, { text }),
	send_image: async ({ to, path, caption }) => send(to, {
		image: readFileSync(path), caption, mimetype: 'image/png', jpegThumbnail: '', width: 1, height: 1
	}),
	forget_sessions: async ({ users }) => {
		const found = sessionsWith(users)
		found.forEach(key => kept.delete(key))
		return { count: found.length }
	},
	spoil_sessions: async ({ users }) => {
		const found = sessionsWith(users)
		found.forEach(key => kept.set(key, spoil(kept.get(key))))
		return { count: found.length }
	},
	ask_history: async ({ chat, id, at, count }) => ({
		msg: await sock.fetchMessageHistory(count, { remoteJid: chat, id, fromMe: false }, at)
	}),
	quit: async () => {
		setImmediate(() => process.exit(0))
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const command = JSON.parse(line)
	ops[command.op](command).then(
		result => say({ answer: command.no, ...result }),
		error => say({ answer: command.no, error: String(error?.stack ?? error) })
	)
}
process.exit(0)
