"""Flattened device trees as plain nodes: parse, change, write."""

import struct
from dataclasses import dataclass, field

MAGIC = 0xD00DFEED
BEGIN, END, PROP, NOP, FINISH = 1, 2, 3, 4, 9


def cells(*values: int) -> bytes:
    """32-bit cells."""
    return struct.pack(f">{len(values)}I", *values)


def cells64(*values: int) -> bytes:
    """64-bit numbers as pairs of cells."""
    return struct.pack(f">{len(values)}Q", *values)


def strings(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


@dataclass
class Node:
    """A node with its properties (raw bytes) and children, in order."""

    properties: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)

    def add(self, name: str, properties: dict[str, bytes]) -> "Node":
        """A new child."""
        self.children[name] = Node(properties)
        return self.children[name]


def parse(blob: bytes) -> Node:
    magic, _, structure, names = struct.unpack_from(">4I", blob)
    if magic != MAGIC:
        raise ValueError("not a device tree")

    def text(at: int) -> str:
        return blob[at : blob.index(b"\0", at)].decode()

    root, stack, at = Node(), [], structure
    while True:
        (token,) = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN:
            name = text(at)
            at += len(name) + 4 & ~3
            if stack:
                stack.append(stack[-1].children.setdefault(name, Node()))
            else:
                stack.append(root)
        elif token == END:
            stack.pop()
        elif token == PROP:
            size, name_at = struct.unpack_from(">II", blob, at)
            stack[-1].properties[text(names + name_at)] = blob[at + 8 : at + 8 + size]
            at += 8 + size + 3 & ~3
        elif token == FINISH:
            return root
        elif token != NOP:
            raise ValueError(f"token {token} at {at}")


def write(root: Node) -> bytes:
    names, offsets, out = bytearray(), {}, bytearray()

    def padded(data: bytes) -> bytes:
        return data + bytes(-len(data) % 4)

    def emit(name: str, node: Node) -> None:
        out.extend(cells(BEGIN) + padded(name.encode() + b"\0"))
        for key, value in node.properties.items():
            if key not in offsets:
                offsets[key] = len(names)
                names.extend(key.encode() + b"\0")
            out.extend(cells(PROP, len(value), offsets[key]) + padded(value))
        for child_name, child in node.children.items():
            emit(child_name, child)
        out.extend(cells(END))

    emit("", root)
    out.extend(cells(FINISH))
    structure = 40 + 16  # the header, then an empty memory reservation map
    total = structure + len(out) + len(names)
    header = cells(MAGIC, total, structure, structure + len(out), 40, 17, 16, 0, len(names), len(out))
    return header + bytes(16) + bytes(out) + bytes(names)
