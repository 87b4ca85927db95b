package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	waLog "go.mau.fi/whatsmeow/util/log"
)

// stderrLog keeps stdout for the driver.
type stderrLog struct {
	module, min string
}

func (l *stderrLog) write(level, msg string, args []any) {
	const levels = "debug info warn error"
	if strings.Index(levels, level) < strings.Index(levels, l.min) {
		return
	}
	fmt.Fprintf(os.Stderr, "%s %s %s%s\n", time.Now().Format("15:04:05.000"), level, l.module, fmt.Sprintf(msg, args...))
}

func (l *stderrLog) Debugf(msg string, args ...any) { l.write("debug", msg, args) }
func (l *stderrLog) Infof(msg string, args ...any)  { l.write("info", msg, args) }
func (l *stderrLog) Warnf(msg string, args ...any)  { l.write("warn", msg, args) }
func (l *stderrLog) Errorf(msg string, args ...any) { l.write("error", msg, args) }
func (l *stderrLog) Sub(module string) waLog.Logger {
	return &stderrLog{module: l.module + module + ": ", min: l.min}
}
