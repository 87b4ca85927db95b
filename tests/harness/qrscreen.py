"""Reads a QR code back from a captured terminal screen (tmux capture-pane -e): cells with their colours become
pixels, zbarimg reads the picture."""
import os
import re
import subprocess
import tempfile

CELL_W, CELL_H = 12, 24
SEXTANT_BASE, BRAILLE_BASE = 0x1FB00, 0x2800


def ink(char):
    """The inked rectangles (x, y, w, h) of a glyph in a cell of 12x24."""
    code = ord(char)
    if char == "█":
        return [(0, 0, 12, 24)]
    if char == "▀":
        return [(0, 0, 12, 12)]
    if char == "▄":
        return [(0, 12, 12, 12)]
    if char == "▌":
        return [(0, 0, 6, 24)]
    if char == "▐":
        return [(6, 0, 6, 24)]
    if SEXTANT_BASE <= code < SEXTANT_BASE + 60:
        bits = code - SEXTANT_BASE + 1
        bits += bits >= 21
        bits += bits >= 42
        return [(i % 2 * 6, i // 2 * 8, 6, 8) for i in range(6) if bits >> i & 1]
    if BRAILLE_BASE <= code < BRAILLE_BASE + 256:
        order = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
        return [(x * 6, y * 6, 6, 6) for i, (x, y) in enumerate(order) if code - BRAILLE_BASE >> i & 1]
    return []


def is_dark(color, default):
    """color: the parameters of an SGR as tmux writes them."""
    if color is None:
        return default
    if color.startswith("5;"):
        return int(color[2:]) in (0, 16)
    return int(color) in (0,)


class Pen:
    def __init__(self):
        self.fg = self.bg = None
        self.reverse = False

    def sgr(self, text):
        words = [w for w in text.split(";")] if text else ["0"]
        i = 0
        while i < len(words):
            n = int(words[i] or 0)
            if n == 0:
                self.fg = self.bg = None
                self.reverse = False
            elif n == 7:
                self.reverse = True
            elif n == 27:
                self.reverse = False
            elif n in (38, 48) and words[i + 1] == "5":
                setattr(self, "fg" if n == 38 else "bg", "5;" + words[i + 2])
                i += 2
            elif 30 <= n <= 37:
                self.fg = str(n - 30)
            elif 40 <= n <= 47:
                self.bg = str(n - 40)
            elif 90 <= n <= 97:
                self.fg = str(n - 82)
            elif 100 <= n <= 107:
                self.bg = str(n - 92)
            elif n == 39:
                self.fg = None
            elif n == 49:
                self.bg = None
            i += 1

    def colors(self):
        """(ink is dark, paper is dark), as a terminal with light letters on black shows it."""
        fg, bg = is_dark(self.fg, False), is_dark(self.bg, True)
        return (bg, fg) if self.reverse else (fg, bg)


def picture(screen):
    """Rows of booleans, true is dark."""
    rows = []
    pen = Pen()  # tmux carries attributes over the ends of lines
    for line in screen.split("\n"):
        pixels = [bytearray() for _ in range(CELL_H)]
        at = 0
        while at < len(line):
            m = re.match(r"\x1b\[([0-9;]*)m|\x1b[()][A-Z0-9]|[\x0e\x0f]", line[at:])
            if m:
                if m.group(1) is not None:
                    pen.sgr(m.group(1))
                at += m.end()
                continue
            fg, bg = pen.colors()
            cell = [bytearray([bg] * CELL_W) for _ in range(CELL_H)]
            for x, y, w, h in ink(line[at]):
                for dy in range(h):
                    cell[y + dy][x:x + w] = bytes([fg] * w)
            for y in range(CELL_H):
                pixels[y] += cell[y]
            at += 1
        rows += pixels
    wide = max(len(r) for r in rows)
    return [r + bytes([1] * (wide - len(r))) for r in rows]


def read_qr(screen):
    """The text of the QR code on a screen that was captured with attributes; None: it cannot be read."""
    rows = picture(screen)
    with tempfile.NamedTemporaryFile(suffix=".pgm", delete=False) as f:
        f.write(f"P5 {len(rows[0])} {len(rows)} 255\n".encode())
        for r in rows:
            f.write(bytes(0 if dark else 255 for dark in r))
    try:
        done = subprocess.run(["zbarimg", "--raw", "-q", "-Sdisable", "-Sqrcode.enable", f.name], capture_output=True, text=True, check=False)
    finally:
        os.unlink(f.name)
    return done.stdout.rstrip("\n") or None
