// A whatsmeow companion that is driven line by line: commands come as JSON on stdin, answers and events
// leave as JSON on stdout. tests/interop/party.py names the commands. The library is used as published;
// what this program spoils on command is its own session store.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.mau.fi/libsignal/kdf"
	"go.mau.fi/libsignal/keys/chain"
	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
	_ "modernc.org/sqlite"
)

type fields map[string]any

type command struct {
	No      int      `json:"no"`
	Op      string   `json:"op"`
	To      string   `json:"to"`
	Text    string   `json:"text"`
	Path    string   `json:"path"`
	Caption string   `json:"caption"`
	Users   []string `json:"users"`
	Chat    string   `json:"chat"`
	ID      string   `json:"id"`
	At      int64    `json:"at"`
	Count   int      `json:"count"`
}

type party struct {
	out sync.Mutex
	db  *sql.DB
	cli *whatsmeow.Client
	log waLog.Logger
}

func (p *party) say(line fields) {
	p.out.Lock()
	defer p.out.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		os.Exit(1)
	}
}

// The library dials a fixed host name. Its dial goes to the given address instead, whose certificate is
// checked against the given authority.
func clientTo(addr, caFile, serverName string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + caFile)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: serverName},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	return &http.Client{Transport: transport}, nil
}

func (p *party) onMessage(v *events.Message) {
	at := fields{"event": "message", "id": v.Info.ID, "chat": v.Info.Chat.String(), "fromMe": v.Info.IsFromMe}
	image := v.Message.GetImageMessage()
	if image == nil {
		at["text"] = v.Message.GetConversation()
		if at["text"] == "" {
			at["text"] = v.Message.GetExtendedTextMessage().GetText()
		}
		if at["text"] != "" {
			p.say(at)
		}
		return
	}
	bytes, err := p.cli.Download(context.Background(), image)
	if err != nil {
		p.say(fields{"event": "message_failed", "id": v.Info.ID, "why": err.Error()})
		return
	}
	sum := sha256.Sum256(bytes)
	at["image"], at["bytes"], at["text"] = hex.EncodeToString(sum[:]), len(bytes), image.GetCaption()
	p.say(at)
}

func (p *party) onHistory(v *events.HistorySync) {
	chats := v.Data.GetConversations()
	if v.Data.GetSyncType() != waHistorySync.HistorySync_ON_DEMAND || len(chats) != 1 {
		return
	}
	ids := []string{}
	for _, m := range chats[0].GetMessages() {
		ids = append(ids, m.GetMessage().GetKey().GetID())
	}
	p.say(fields{"event": "history", "ids": ids, "end": int(chats[0].GetEndOfHistoryTransferType())})
}

func (p *party) onEvent(evt any) {
	switch v := evt.(type) {
	case *events.QR:
		p.say(fields{"event": "qr", "text": v.Codes[0]})
	case *events.Connected:
		p.say(fields{"event": "open", "jid": p.cli.Store.GetJID().String(), "lid": p.cli.Store.GetLID().String()})
	case *events.Disconnected:
		p.say(fields{"event": "close", "why": "disconnected"})
	case *events.LoggedOut:
		p.say(fields{"event": "close", "why": "logged out: " + v.Reason.String()})
	case *events.PairError:
		p.say(fields{"event": "close", "why": "pairing: " + v.Error.Error()})
	case *events.Message:
		go p.onMessage(v)
	case *events.HistorySync:
		p.onHistory(v)
	case *events.UndecryptableMessage:
		p.say(fields{"event": "undecryptable", "id": v.Info.ID, "chat": v.Info.Chat.String()})
	case *events.Receipt:
		for _, id := range v.MessageIDs {
			p.say(fields{"event": "status", "id": id, "status": string(v.Type)})
		}
	}
}

func (p *party) open(addr, caFile, rootKey, name, dir string) error {
	key, err := hex.DecodeString(rootKey)
	if err != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return errors.New("the root key is not 32 bytes in hex")
	}
	copy(whatsmeow.WACertPubKey[:], key)
	dsn := "file:" + filepath.Join(dir, "whatsmeow.db") + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"
	if p.db, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	p.db.SetMaxOpenConns(1)
	container := sqlstore.NewWithDB(p.db, "sqlite", p.log)
	if err = container.Upgrade(context.Background()); err != nil {
		return err
	}
	device := container.NewDevice()
	device.PushName = name
	p.cli = whatsmeow.NewClient(device, p.log)
	network, err := clientTo(addr, caFile, "127.0.0.1")
	if err != nil {
		return err
	}
	p.cli.SetWebsocketHTTPClient(network)
	p.cli.SetPreLoginHTTPClient(network)
	p.cli.SetMediaHTTPClient(network)
	p.cli.PreRetryCallback = func(r *events.Receipt, id types.MessageID, count int, _ *waE2E.Message) bool {
		p.say(fields{"event": "retry_asked", "id": id, "from": r.Sender.String(), "count": count})
		return true
	}
	p.cli.AddEventHandler(p.onEvent)
	return nil
}

func (p *party) send(to string, msg *waE2E.Message) (fields, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	jid := types.NewJID(to, types.DefaultUserServer)
	if user, ok := strings.CutSuffix(to, "@lid"); ok {
		jid = types.NewJID(user, types.HiddenUserServer)
	}
	resp, err := p.cli.SendMessage(ctx, jid, msg)
	return fields{"msg": resp.ID}, err
}

func (p *party) askHistory(c command) (fields, error) {
	chat, err := types.ParseJID(c.Chat)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	info := &types.MessageInfo{ID: c.ID, Timestamp: time.Unix(c.At, 0)}
	info.Chat = chat
	resp, err := p.cli.SendMessage(ctx, p.cli.Store.GetJID().ToNonAD(), p.cli.BuildHistorySyncRequest(info, c.Count),
		whatsmeow.SendRequestExtra{Peer: true})
	return fields{"msg": resp.ID}, err
}

func (p *party) sendImage(c command) (fields, error) {
	bytes, err := os.ReadFile(c.Path)
	if err != nil {
		return nil, err
	}
	up, err := p.cli.Upload(context.Background(), bytes, whatsmeow.MediaImage)
	if err != nil {
		return nil, err
	}
	return p.send(c.To, &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
		Caption: &c.Caption, Mimetype: proto.String("image/png"), URL: &up.URL, DirectPath: &up.DirectPath,
		MediaKey: up.MediaKey, FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256,
		FileLength: &up.FileLength,
	}})
}

// addresses of the sessions with any device of one of these users; a LID user is kept as "user_1:device"
func (p *party) sessionsWith(users []string) ([]string, error) {
	rows, err := p.db.Query("SELECT their_id FROM whatsmeow_sessions")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var id string
		if err = rows.Scan(&id); err != nil {
			return nil, err
		}
		for _, user := range users {
			if strings.HasPrefix(id, user+":") || strings.HasPrefix(id, user+"_1:") {
				found = append(found, id)
			}
		}
	}
	return found, rows.Err()
}

func (p *party) forget(address string) error {
	return p.cli.Store.Sessions.DeleteSession(context.Background(), address)
}

// what is encrypted next for this address cannot be read by it
func (p *party) spoil(address string) error {
	ctx := context.Background()
	raw, err := p.cli.Store.Sessions.GetSession(ctx, address)
	if err != nil {
		return err
	}
	serializer := store.SignalProtobufSerializer
	session, err := record.NewSessionFromBytes(raw, serializer.Session, serializer.State)
	if err != nil {
		return err
	}
	state := session.SessionState()
	if !state.HasSenderChain() {
		return nil
	}
	wrong := make([]byte, 32)
	state.SetSenderChainKey(chain.NewKey(kdf.DeriveSecrets, wrong, state.SenderChainKey().Index()))
	return p.cli.Store.Sessions.PutSession(ctx, address, session.Serialize())
}

func (p *party) eachSession(users []string, what func(string) error) (fields, error) {
	found, err := p.sessionsWith(users)
	for i := 0; err == nil && i < len(found); i++ {
		err = what(found[i])
	}
	return fields{"count": len(found)}, err
}

func (p *party) do(c command) (fields, error) {
	switch c.Op {
	case "connect":
		return fields{}, p.cli.Connect()
	case "disconnect":
		p.cli.Disconnect()
		return fields{}, nil
	case "send_text":
		return p.send(c.To, &waE2E.Message{Conversation: &c.Text})
	case "ask_history":
		return p.askHistory(c)
	case "send_image":
		return p.sendImage(c)
	case "forget_sessions":
		return p.eachSession(c.Users, p.forget)
	case "spoil_sessions":
		return p.eachSession(c.Users, p.spoil)
	}
	return nil, errors.New("unknown op " + c.Op)
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: whatsmeow-party ADDRESS CA-FILE ROOT-KEY NAME DIRECTORY")
		os.Exit(2)
	}
	level := os.Getenv("INTEROP_LOG")
	if level == "" {
		level = "warn"
	}
	p := &party{log: &stderrLog{min: level}}
	if err := p.open(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if c.Op == "quit" {
			break
		}
		go func() {
			result, err := p.do(c)
			if err != nil {
				result = fields{"error": err.Error()}
			}
			result["answer"] = c.No
			p.say(result)
		}()
	}
	p.cli.Disconnect()
}
