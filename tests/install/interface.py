"""What the program's own help says its interface is."""
import re
import subprocess


class Interface:
    """Verbs, long options and formats, as `--help` of the program and of each verb lists them."""

    def __init__(self, check):
        self.help = self._help(check)
        section = self.help.split("Subcommands:")[1].split("\n\n")[0]
        self.verbs = re.findall(r"^  ([a-z]+) ", section, re.M)
        texts = [self.help] + [self._help(check, verb) for verb in self.verbs]
        self.options = {option for text in texts
                        for option in re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.M)}
        self.options.add("--help")

    @staticmethod
    def _help(check, *arguments):
        return subprocess.run([check, *arguments, "--help"], capture_output=True, text=True, check=True).stdout
