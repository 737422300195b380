"""The completions, by asking the shells: every verb, option and format is offered.

completions_test.py SOURCE_DIR CHECK"""
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from interface import Interface

SOURCE, CHECK = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
BASH_COMPLETION = pathlib.Path("/usr/share/bash-completion/bash_completion")
PATH = f"{CHECK.parent}:{os.environ['PATH']}"

# What readline does when TAB is pressed, without a terminal.
ASK_BASH = r"""
source "$BASH_COMPLETION"; source "$COMPLETION"
COMP_LINE=$LINE; COMP_POINT=${#LINE}
read -ra COMP_WORDS <<<"$LINE"; [[ $LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_xen_iommu_check xen-iommu-check "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(line):
    done = subprocess.run(["bash", "--norc", "-c", ASK_BASH], capture_output=True, text=True, check=True,
                          env={"PATH": PATH, "LINE": line, "HOME": "/nonexistent",
                               "BASH_COMPLETION": str(BASH_COMPLETION),
                               "COMPLETION": str(SOURCE / "completions/xen-iommu-check.bash")})
    assert done.stderr == "", done.stderr
    return set(done.stdout.split())


def zsh(line):
    """What an interactive zsh shows after TAB."""
    with tempfile.TemporaryDirectory() as home:
        pathlib.Path(home, ".zshrc").write_text(
            f"fpath=({SOURCE}/completions $fpath); PS1='READY> '; LISTMAX=0\n"
            "autoload -Uz compinit; compinit -u -D\n"
            "setopt NO_BEEP NO_ALWAYS_LAST_PROMPT\nzstyle ':completion:*' menu no\n")
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(HOME=home, ZDOTDIR=home, TERM="dumb", PATH=PATH, COLUMNS="200", LINES="100")
            os.execvp("zsh", ["zsh", "-i"])
        text = ""

        def wait_for(done):
            nonlocal text
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not done():
                if select.select([terminal], [], [], 0.2)[0]:
                    try:
                        text += os.read(terminal, 65536).decode(errors="replace")
                    except OSError:
                        return

        wait_for(lambda: "READY> " in text)
        text = ""
        # Below the list the prompt is printed again.
        os.write(terminal, (line + "\t").encode())
        wait_for(lambda: text.count("READY> ") >= 1)
        os.write(terminal, b"\x15exit\n")
        wait_for(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))
        os.close(terminal)
        return text


class CompletionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.interface = Interface(CHECK)

    @unittest.skipUnless(BASH_COMPLETION.exists(), "bash-completion is not installed")
    def test_bash(self):
        self.assertEqual(bash("xen-iommu-check "), set(self.interface.verbs))
        self.assertEqual(bash("xen-iommu-check --"), self.interface.options)
        self.assertEqual(bash("xen-iommu-check gr"), {"grants"})
        self.assertEqual(bash("xen-iommu-check --format "), {"text", "json", "prometheus", "nagios", "short", "html"})
        self.assertIn("XIC-1001", bash("xen-iommu-check explain XIC-1"))
        self.assertEqual(bash("xen-iommu-check check "), set())

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        shown = zsh("xen-iommu-check --")
        for option in self.interface.options:
            self.assertIn(option, shown)
        shown = zsh("xen-iommu-check ")
        for verb in self.interface.verbs:
            self.assertIn(verb, shown)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=2)
