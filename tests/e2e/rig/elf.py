"""The little of ELF (64-bit, little-endian) that the rig reads: needed libraries, symbols, build id, what hardening leaves behind."""

import struct
from pathlib import Path
from typing import Iterator

MAGIC = b"\x7fELF\x02\x01"  # 64-bit, little-endian
SHT_SYMTAB, SHT_DYNAMIC, SHT_NOTE, SHT_DYNSYM = 2, 6, 7, 11
DT_NEEDED, NT_GNU_BUILD_ID = 1, 3
DT_RPATH, DT_RUNPATH, DT_FLAGS, DT_FLAGS_1 = 15, 29, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_PIE = 0x8, 0x8000000
PT_LOAD, PT_GNU_STACK, PT_GNU_RELRO = 1, 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2


class Elf:
    """One ELF file."""

    def __init__(self, data: bytes):
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("not a 64-bit little-endian ELF file")
        self._data = data
        offset, (size, count) = struct.unpack_from("<Q", data, 0x28)[0], struct.unpack_from("<HH", data, 0x3A)
        # name, type, flags, address, offset, size, link, info, alignment, entry size
        self._sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
        offset, (size, count) = struct.unpack_from("<Q", data, 0x20)[0], struct.unpack_from("<HH", data, 0x36)
        # type, flags, offset, address, physical address, size in the file, size in memory, alignment
        self._segments = [struct.unpack_from("<IIQQQQQQ", data, offset + i * size) for i in range(count)]

    @classmethod
    def read(cls, path: Path) -> "Elf":
        return cls(path.read_bytes())

    def _of_type(self, kind: int) -> Iterator[tuple[int, int, int]]:
        """(offset, size, offset of the linked string table) of each section of a type."""
        for section in self._sections:
            if section[1] == kind:
                link = self._sections[section[6]][4] if section[6] < len(self._sections) else 0
                yield section[4], section[5], link

    def _string(self, at: int) -> str:
        return self._data[at : self._data.index(b"\0", at)].decode()

    def _dynamic(self) -> Iterator[tuple[int, int, int]]:
        """(tag, value, offset of the string table) of each dynamic entry."""
        for offset, size, strings in self._of_type(SHT_DYNAMIC):
            for tag, value in struct.iter_unpack("<QQ", self._data[offset : offset + size]):
                yield tag, value, strings

    def needed(self) -> list[str]:
        """The shared libraries it asks for."""
        return [self._string(strings + value) for tag, value, strings in self._dynamic() if tag == DT_NEEDED]

    def dynamic(self) -> dict[int, int]:
        """Tag -> value of the dynamic section; of several entries with one tag the last."""
        return {tag: value for tag, value, _ in self._dynamic()}

    def segments(self, kind: int) -> list[tuple[int, bytes]]:
        """(flags, content) of the program headers of a type."""
        return [(s[1], self._data[s[2] : s[2] + s[5]]) for s in self._segments if s[0] == kind]

    def imports(self) -> set[str]:
        """The symbols it takes from its libraries."""
        return {
            self._string(strings + name)
            for offset, size, strings in self._of_type(SHT_DYNSYM)
            for name, _, _, section, _, _ in struct.iter_unpack("<IBBHQQ", self._data[offset : offset + size])
            if name and not section
        }

    def symbols(self) -> dict[str, int]:
        """Name -> value; of several with one name the first."""
        table: dict[str, int] = {}
        for offset, size, strings in self._of_type(SHT_SYMTAB):
            for name, _, _, section, value, _ in struct.iter_unpack("<IBBHQQ", self._data[offset : offset + size]):
                if name and section:
                    table.setdefault(self._string(strings + name), value)
        return table

    def build_id(self) -> bytes | None:
        for offset, size, _ in self._of_type(SHT_NOTE):
            at = offset
            while at + 12 <= offset + size:
                namesz, descsz, kind = struct.unpack_from("<III", self._data, at)
                name, at = self._data[at + 12 : at + 12 + namesz], at + 12 + (namesz + 3 & ~3)
                if kind == NT_GNU_BUILD_ID and name == b"GNU\0":
                    return self._data[at : at + descsz]
                at += descsz + 3 & ~3
        return None
