#!/usr/bin/env python3
"""A xenstored for tests: the wire protocol (xen/include/public/io/xs_wire.h) on a socket of one's own, for the
real libxenstore with XENSTORED_PATH set to it.

    fake_xenstored.py SOCKET [STORE.json]

STORE.json: {"values": {PATH: VALUE}, "errors": {PATH: "EIO"}}; a VALUE is a text or {"hex": "00ff"}.

It serves until its standard input ends. There it takes one command a line, a JSON list, and answers each with a
line on its standard output ("ready" comes first):

    ["set", PATH, VALUE]            and fires watches      ["remove", PATH]         with all below; fires
    ["error", PATH, ERRNO or null]  of every question      ["fire", PATH]           without a change
    ["drop"]     closes all connections                    ["stop"]                 and the socket
    ["start"]    the socket again                          ["restart"]              both
    ["once", PATH, ACTION, N]       at the N-th (0: next) question about PATH: "drop", "restart", "stop", "silent"
                                    (no answer), an answer that is "short" or "malformed", or another command
                                    as a list, before the answer
    ["delay", SECONDS]              before every answer    ["seen"]                 {"connections": 3, "questions":
                                                                                    ["READ /a"], "watches": 1}

Nothing can be written through the socket; who tries is answered EROFS and is in "seen".
"""
import errno
import json
import os
import selectors
import socket
import struct
import sys
import time

HEADER = struct.Struct("<IIII")
PAYLOAD_MAX = 4096
DIRECTORY, READ, WATCH, UNWATCH, GET_DOMAIN_PATH, WATCH_EVENT, ERROR, DIRECTORY_PART = 1, 2, 4, 5, 10, 15, 16, 22
NAMES = {DIRECTORY: "DIRECTORY", READ: "READ", WATCH: "WATCH", UNWATCH: "UNWATCH", GET_DOMAIN_PATH: "GET_DOMAIN_PATH",
         DIRECTORY_PART: "DIRECTORY_PART"}


class Refused(Exception):
    """An errno by name, as the protocol sends it."""


def value_bytes(value):
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()


def covers(watched, path):
    return watched == path or watched == b"/" or path.startswith(watched + b"/")


class Client:
    def __init__(self, connection):
        self.connection = connection
        self.received = b""
        self.watches = []

    def send(self, kind, request, transaction, body):
        self.connection.sendall(HEADER.pack(kind, request, transaction, len(body)) + body)

    def fire(self, path):
        for watched, token in self.watches:
            if covers(watched, path):
                self.send(WATCH_EVENT, 0, 0, path + b"\0" + token + b"\0")


class FakeXenstored:
    def __init__(self, path):
        self.path = path
        self.values = {}
        self.errors = {}
        self.once = {}
        self.delay = 0
        self.connections = 0
        self.questions = []
        self.clients = {}
        self.selector = selectors.DefaultSelector()
        self.listener = None

    # ---- the store ----------------------------------------------------------------------------------------------
    def children(self, path):
        below = path.rstrip(b"/") + b"/"
        return sorted({key[len(below):].split(b"/")[0] for key in self.values if key.startswith(below)})

    def answer(self, client, kind, body):
        path = body.split(b"\0")[0]
        if path in self.errors:
            raise Refused(self.errors[path])
        if kind == GET_DOMAIN_PATH:
            return b"/local/domain/" + path + b"\0"
        if kind == WATCH:
            watch = tuple(body.split(b"\0")[:2])
            if watch in client.watches:
                raise Refused("EEXIST")
            client.watches.append(watch)
            return b"OK\0"
        if kind == UNWATCH:
            watch = tuple(body.split(b"\0")[:2])
            if watch not in client.watches:
                raise Refused("ENOENT")
            client.watches.remove(watch)
            return b"OK\0"
        if kind not in (READ, DIRECTORY, DIRECTORY_PART):
            raise Refused("EROFS")
        names = self.children(path)
        if not names and path not in self.values:
            raise Refused("ENOENT")
        if kind == READ:
            return self.values.get(path, b"")
        listing = b"".join(name + b"\0" for name in names)
        if kind == DIRECTORY:
            if len(listing) > PAYLOAD_MAX:
                raise Refused("E2BIG")
            return listing
        generation = b"1\0"
        offset = int(body.split(b"\0")[1])
        part = listing[offset:offset + PAYLOAD_MAX - len(generation) - 1]
        part = part[:part.rfind(b"\0") + 1]  # whole names, by which a client tells the end
        end = b"\0" if offset + len(part) >= len(listing) else b""
        return generation + part + end

    # ---- connections --------------------------------------------------------------------------------------------
    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def accept(self):
        connection, _ = self.listener.accept()
        self.connections += 1
        client = self.clients[connection.fileno()] = Client(connection)
        self.selector.register(connection, selectors.EVENT_READ, lambda: self.serve(client))

    def close(self, client):
        if self.clients.pop(client.connection.fileno(), None):
            self.selector.unregister(client.connection)
            client.connection.close()

    def drop(self):
        for client in list(self.clients.values()):
            self.close(client)

    def stop(self):
        self.close_listener()
        self.drop()

    def close_listener(self):
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None

    def restart(self):
        # Clients hear of it when the new one listens already.
        self.close_listener()
        self.start()
        self.drop()

    def serve(self, client):
        try:
            received = client.connection.recv(65536)
            if not received:
                self.close(client)
                return
            client.received += received
            while len(client.received) >= HEADER.size:
                kind, request, transaction, length = HEADER.unpack_from(client.received)
                if len(client.received) < HEADER.size + length:
                    return
                body = client.received[HEADER.size:HEADER.size + length]
                client.received = client.received[HEADER.size + length:]
                if not self.question(client, kind, request, transaction, body):
                    return
        except OSError:
            self.close(client)

    def question(self, client, kind, request, transaction, body):
        """False where the connection has ended."""
        path = body.split(b"\0")[0]
        self.questions.append(NAMES.get(kind, str(kind)) + " " + path.decode(errors="backslashreplace"))
        action = self.due(path)
        if isinstance(action, list):
            self.command(action)
        elif action in ("drop", "restart", "stop"):
            if action == "drop":
                self.close(client)
            else:
                getattr(self, action)()
            return False
        if action == "silent":
            return True
        if self.delay:
            time.sleep(self.delay)
        try:
            answer = self.answer(client, kind, body)
        except Refused as refusal:
            client.send(ERROR, request, transaction, str(refusal).encode() + b"\0")
            return True
        if action == "short":
            client.connection.sendall(HEADER.pack(kind, request, transaction, len(answer) + 8) + answer)
            self.close(client)
            return False
        client.send(kind + 1 if action == "malformed" else kind, request, transaction, answer)
        if kind == WATCH:  # xenstored reports every new watch once
            watched, token = client.watches[-1]
            client.send(WATCH_EVENT, 0, 0, watched + b"\0" + token + b"\0")
        return True

    def due(self, path):
        action, left = self.once.get(path, (None, 0))
        if action is None:
            return None
        if left > 0:
            self.once[path] = (action, left - 1)
            return None
        del self.once[path]
        return action

    # ---- commands -----------------------------------------------------------------------------------------------
    def fire(self, path):
        for client in list(self.clients.values()):
            client.fire(path)

    def command(self, words):
        name, arguments = words[0], words[1:]
        path = arguments[0].encode() if arguments and isinstance(arguments[0], str) else b""
        if name == "set":
            self.values[path] = value_bytes(arguments[1])
            self.fire(path)
        elif name == "remove":
            for key in [key for key in self.values if covers(path, key)]:
                del self.values[key]
            self.fire(path)
        elif name == "error":
            if arguments[1] is None:
                self.errors.pop(path, None)
            else:
                assert hasattr(errno, arguments[1]), arguments[1]
                self.errors[path] = arguments[1]
        elif name == "once":
            self.once[path] = (arguments[1], arguments[2] if len(arguments) > 2 else 0)
        elif name == "delay":
            self.delay = arguments[0]
        elif name == "fire":
            self.fire(path)
        elif name == "seen":
            return {"connections": self.connections, "questions": self.questions,
                    "watches": sum(len(client.watches) for client in self.clients.values())}
        elif name in ("drop", "stop", "start", "restart"):
            getattr(self, name)()
        else:
            raise ValueError(f"no such command: {name}")
        return "ok"

    def run(self):
        pending = b""
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        self.start()
        print("ready", flush=True)
        while True:
            for key, _ in self.selector.select():
                if key.data is not None:
                    # A command before it in this round may have closed it.
                    if key.fd in self.selector.get_map():
                        key.data()
                    continue
                received = os.read(sys.stdin.fileno(), 65536)
                if not received:
                    self.stop()
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    print(json.dumps(self.command(json.loads(line))), flush=True)


def main():
    server = FakeXenstored(sys.argv[1])
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            store = json.load(file)
        for path, value in store.get("values", {}).items():
            server.command(["set", path, value])
        for path, error in store.get("errors", {}).items():
            server.command(["error", path, error])
    server.run()


if __name__ == "__main__":
    main()
