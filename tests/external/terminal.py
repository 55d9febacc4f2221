"""What a person sees of `switchboard-chat` in tmux: screens are compared as a whole, times apart.

Each function is a scene. It gets a tmux of its own kind of window, 80 columns wide, and people who write through
pipes. Nothing waits for a fixed time: a screen is looked at until it is as expected, for at most 20 seconds.
"""

import os
import re
import subprocess
import time

ADDRESS, CHAT = os.environ["SWITCHBOARD_ADDRESS"], os.environ["CHAT_BIN"]
ANN, BOB = "0012345678", "0087654321"
# The name of tmux's socket. Each scene has its own tmux: one that is just ending takes no commands.
SOCKET = [f"switchboard-{os.getpid()}", ""]
FIRST = "/help shows the commands, Tab names who wrote last, Ctrl-D leaves"
PATIENCE = 20


def tmux(*arguments):
    command = ["tmux", "-L", "-".join(SOCKET), "-f", os.devnull, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# What is said of somebody who has written through a pipe and left.
GONE = "0087654321 is offline"


class Window:
    """A window of tmux that runs a command."""

    def __init__(self, command, columns=80, rows=16):
        size = ["-x", str(columns), "-y", str(rows)]
        kept = f"{command}; echo left: $?; exec cat"
        # The environment stays small and the same: TERM is tmux's own.
        shell = ["env", "-i", "TERM=screen-256color", "LANG=C.UTF-8", "NO_COLOR=1", f"PATH={os.environ['PATH']}"]
        self.name = tmux("new-session", "-d", "-P", "-F", "#{pane_id}", *size, *shell, "bash", "-c", kept).strip()

    def types(self, *keys):
        tmux("send-keys", "-t", self.name, *keys)

    def types_bytes(self, data):
        tmux("send-keys", "-t", self.name, "-H", *[f"{byte:02x}" for byte in data])

    def screen(self):
        lines = tmux("capture-pane", "-p", "-t", self.name).rstrip("\n").split("\n")
        return [re.sub(r"\b\d\d:\d\d\b", "HH:MM", line.rstrip()) for line in lines if line.strip()]

    def shows(self, *lines, last=False):
        """The whole screen, or its last lines, with `…` for what does not matter in a line. A line of `GONE` may be
        anywhere, or missing: presence is paced, and nobody is told of a visit that is shorter than the pace."""
        until = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            seen = [line for line in screen if line != GONE]
            seen = seen[-len(lines) :] if last else seen
            if len(seen) == len(lines) and all(map(matches, lines, seen)):
                return
            if time.monotonic() > until:
                wanted = "\n".join(lines)
                raise AssertionError("the screen is\n" + "\n".join(screen) + f"\nand not\n{wanted}")
            time.sleep(0.05)

    def shows_after(self, command, *lines):
        """Its last lines after the command, which is typed again until they are these."""
        until = time.monotonic() + PATIENCE
        while True:
            self.types(command, "Enter")
            time.sleep(0.2)
            if list(lines) == (screen := self.screen()[-len(lines) :]):
                return
            if time.monotonic() > until:
                raise AssertionError("the screen ends with\n" + "\n".join(screen) + "\nand not\n" + "\n".join(lines))

    def comes_to_show(self, line):
        """Waits until this line is somewhere on the screen."""
        until = time.monotonic() + PATIENCE
        while line not in (screen := self.screen()):
            assert time.monotonic() < until, "no line is " + line + "\n" + "\n".join(screen)
            time.sleep(0.05)

    def asks(self, what):
        return tmux("display-message", "-p", "-t", self.name, what).strip()

    def becomes(self, what, value):
        until = time.monotonic() + PATIENCE
        while (found := self.asks(what)) != value:
            assert time.monotonic() < until, f"{what} is {found}, not {value}"
            time.sleep(0.05)


def matches(wanted, seen):
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), seen) is not None


def chat(number, *flags, **size):
    return Window(" ".join([CHAT, ADDRESS, number, *flags]), **size)


def pipe(number, to, *lines):
    """Somebody who writes these lines, and leaves when they are delivered."""
    command = [CHAT, ADDRESS, number, "--to", to]
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done


def two_people_chat_and_see_each_what_they_should():
    ann = chat(ANN)
    ann.shows(FIRST, "connected; nobody else is online", ">")
    bob = chat(BOB)
    bob.shows(FIRST, "connected; 1 other person is online", ">")
    ann.types("/to 0087 654-321 Hello?", "Enter")
    ann.shows(
        FIRST,
        "connected; nobody else is online",
        "you write to 0087654321 now",
        "HH:MM you → 0087654321: Hello?",
        "0087654321>",
    )
    bob.shows(FIRST, "connected; 1 other person is online", "HH:MM 0012345678: Hello?", "[1 unread]>")
    bob.types("Tab", "Hello! 😀", "Enter")
    bob.shows(
        FIRST,
        "connected; 1 other person is online",
        "HH:MM 0012345678: Hello?",
        "you write to 0012345678 now",
        "── 1 unread message:",
        "HH:MM 0012345678: Hello?",
        "──",
        "HH:MM you → 0012345678: Hello! 😀",
        "0012345678>",
    )
    ann.shows("HH:MM 0087654321: Hello! 😀", "0087654321>", last=True)
    ann.shows_after("/who", "2 online: 0012345678, 0087654321", "0087654321>")
    bob.types("C-d")
    bob.shows("left: 0", last=True)
    ann.comes_to_show(GONE)
    ann.types("are you there?", "Enter")
    ann.shows(
        "HH:MM you → 0087654321: are you there?",
        "0087654321 is offline: your message waits, and is sent when they come",
        "0087654321>",
        last=True,
    )
    ann.types("/quit", "Enter")
    ann.shows("1 message not delivered", "left: 1", last=True)


def a_flood_does_not_touch_the_line_being_typed():
    ann = chat(ANN)
    ann.shows("connected; …", ">", last=True)
    ann.types("half a líne 漢字")
    ann.types("Left", "Left")
    ann.shows("> half a líne 漢字", last=True)
    pipe(BOB, ANN, *[str(number) for number in range(200)])
    ann.shows(
        "HH:MM 0087654321: 198",
        "HH:MM 0087654321: 199",
        "[200 unread]> half a líne 漢字",
        last=True,
    )
    # Two characters of two columns each are behind the cursor.
    ann.becomes("#{cursor_x}", str(len("[200 unread]> half a líne ")))
    ann.types("C-u", "/to ", "Tab", "C-c", "C-c")
    ann.shows("left: 0", last=True)


def no_text_is_a_command_to_the_terminal():
    ann = chat(ANN)
    ann.shows("connected; …", ">", last=True)
    title = ann.asks("#{pane_title}")
    pipe(
        BOB,
        ANN,
        "\x1b[2J\x1b[Hgone?",
        "\x1b]0;title\x07",
        "\x1b]2;title\x1b\\",
        "\x1bcreset?",
        "\x1b[1A\x1b[2K12:00 Cas: forged",
        "\u009b2J\u009d0;title\u009c",
        "\u202egpj.exe",
        "a\rb\x08c",
        "\x1b[?1049hother screen?",
        "\x1b(0qqq",
    )
    ann.shows(
        FIRST,
        "connected; nobody else is online",
        "HH:MM 0087654321: ␛[2J␛[Hgone?",
        "HH:MM 0087654321: ␛]0;title␇",
        "HH:MM 0087654321: ␛]2;title␛\\",
        "HH:MM 0087654321: ␛creset?",
        "HH:MM 0087654321: ␛[1A␛[2K12:00 Cas: forged",
        "HH:MM 0087654321: �2J�0;title�",
        "HH:MM 0087654321: �gpj.exe",
        "HH:MM 0087654321: a␍b␈c",
        "HH:MM 0087654321: ␛[?1049hother screen?",
        "HH:MM 0087654321: ␛(0qqq",
        "[10 unread]>",
    )
    assert ann.asks("#{pane_title}") == title
    ann.types("C-d")
    ann.shows("left: 0", last=True)


def a_long_line_stays_in_one_row_at_any_width():
    ann = chat(ANN)
    ann.shows("connected; …", ">", last=True)
    ann.types("the quick brown fox jumps over the lazy dog and over the other one, and is gone")
    ann.shows("connected; …", "> …and is gone", last=True)
    for columns in 40, 25, 100, 80:
        tmux("resize-window", "-t", ann.name, "-x", str(columns))
        whole = "the quick brown fox jumps over the lazy dog and over the other one, and is gone"
        ann.shows("> " + whole[-(columns - 3):], last=True)
        rows = [row for row in ann.screen() if "and is gone" in row]
        assert len(rows) == 1, rows
    ann.types("C-c", "C-c")
    ann.shows("left: 0", last=True)


def it_rings_in_the_background_only():
    ann = chat(ANN)
    ann.shows("connected; …", ">", last=True)
    # Another window is in front, so that tmux notes a bell in the first.
    tmux("new-window", "-t", ann.asks("#{session_id}:"), "cat")
    pipe(BOB, ANN, "one")
    ann.shows("HH:MM 0087654321: one", "[1 unread]>", last=True)
    assert ann.asks("#{window_bell_flag}") == "0"
    ann.types_bytes(b"\x1b[O")
    ann.types("x")
    ann.shows("[1 unread]> x", last=True)
    pipe(BOB, ANN, "two")
    ann.becomes("#{window_bell_flag}", "1")
    ann.types("C-c", "C-c")
    ann.shows("left: 0", last=True)


def two_users_write_to_each_other_and_in_a_room():
    def user(name):
        window = Window(f"{CHAT} {ADDRESS} --name {name} --register")
        window.shows(f"Password of {name}:")
        window.types("correct horse", "Enter")
        return window

    ada = user("ada")
    ada.shows("Password of ada:", FIRST, "connected; nobody else is online", ">")
    bob = user("bob")
    bob.shows("Password of bob:", FIRST, "connected; 1 other person is online", ">")
    ada.types("/create New ideas", "Enter")
    ada.shows(
        'ada has made #"New ideas"',
        'you write to #"New ideas" now',
        '── #"New ideas": no messages yet',
        '#"New ideas">',
        last=True,
    )
    ada.types("/add bob", "Enter", "Who has one?", "Enter")
    bob.shows('bob is in #"New ideas" now', 'HH:MM ada → #"New ideas": Who has one?', "[1 unread]>", last=True)
    bob.types("Tab", "Sleep.", "Enter")
    bob.shows(
        'you write to #"New ideas" now',
        'HH:MM you → #"New ideas": Sleep.',
        '── #"New ideas": the last messages',
        'HH:MM ada → #"New ideas": Who has one?',
        "──",
        '#"New ideas">',
        last=True,
    )
    ada.shows('HH:MM bob → #"New ideas": Sleep.', '#"New ideas">', last=True)
    bob.types("C-d")
    bob.shows("left: 0", last=True)
    ada.types("/to bob Are you asleep?", "Enter")
    ada.shows(
        # Presence is paced: ada may not know yet that bob has left.
        "you write to bob now…",
        "HH:MM you → bob: Are you asleep?",
        "── bob: no messages yet",
        "bob>",
        last=True,
    )
    chats = ['#"New ideas" (0 unread)', "everyone (0 unread)", "bob (offline, 0 unread)", "bob>"]
    ada.shows_after("/chats", *chats)
    ada.types("C-d")
    ada.shows("left: 0", last=True)


def ctrl_z_leaves_the_terminal_to_the_shell_and_fg_returns():
    shell = Window("bash --norc --noprofile -i")
    shell.types("PS1='shell: '; clear", "Enter")
    shell.shows("shell:")
    shell.types(f"{CHAT} {ADDRESS} {ANN}", "Enter")
    shell.shows("connected; …", ">", last=True)
    shell.types("half", "C-z")
    shell.becomes("#{pane_current_command}", "bash")
    shell.types("echo $((6 * 7))", "Enter")
    shell.shows("42", "shell:", last=True)
    shell.types("fg", "Enter")
    shell.shows("> half", last=True)
    shell.types(" a line", "C-u", "C-d")
    shell.shows("shell:", last=True)


def the_help_fits_into_eighty_columns():
    help = subprocess.run([CHAT, "--help"], capture_output=True, text=True, check=True).stdout
    # High enough for the whole help, since nothing scrolls back.
    shown = Window(f"{CHAT} --help", rows=help.count("\n") + 5)
    lines = [line.rstrip() for line in help.split("\n") if line.strip()]
    shown.shows(*lines, "left: 0")


def main():
    scenes = [
        two_people_chat_and_see_each_what_they_should,
        a_flood_does_not_touch_the_line_being_typed,
        no_text_is_a_command_to_the_terminal,
        a_long_line_stays_in_one_row_at_any_width,
        it_rings_in_the_background_only,
        two_users_write_to_each_other_and_in_a_room,
        ctrl_z_leaves_the_terminal_to_the_shell_and_fg_returns,
        the_help_fits_into_eighty_columns,
    ]
    for scene in scenes:
        SOCKET[1] = scene.__name__
        try:
            scene()
        finally:
            tmux("kill-server")
        print(f"terminal: {scene.__name__}")


main()
