"""Functions of somebody who is on the controller's network, to run inside the cluster by remote.call: each imports for itself."""

from __future__ import annotations


def accepting(file: str, with_key: bool) -> dict[str, bool]:
    """Whether each port of the controller, the engines' and the clients', accepts a connection with the server's key or without."""
    import json
    from pathlib import Path

    import zmq
    from ipyparallel.util import connect
    from zmq.utils.monitor import recv_monitor_message

    info = json.loads(Path(file).read_text())
    key = info["curve_serverkey"].encode() if with_key else None

    def is_accepted(port: int, kind: int) -> bool:
        with zmq.Context() as context, context.socket(kind) as socket:
            socket.linger = 0
            events = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_DISCONNECTED)
            connect(socket, f"tcp://{info['location']}:{port}", curve_serverkey=key)
            accepted = bool(events.poll(2000)) and recv_monitor_message(events)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            socket.disable_monitor()
        return accepted

    # The engines' ports and then the clients'; a port accepts the kinds of sockets that fit its own.
    ports = range(info["registration"], info["registration"] + 15)
    return {str(port): any(is_accepted(port, kind) for kind in (zmq.DEALER, zmq.SUB, zmq.PUB)) for port in ports}


def client_with(connection: str) -> str:
    """What a client gets whose connection file holds this."""
    import os
    import tempfile

    import ipyparallel as ipp
    import zmq

    os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(connection)
        file.flush()
        try:
            with ipp.Client(file.name, timeout=5) as client:
                return f"engines {client.ids}"
        except TimeoutError:
            # What was never sent would keep the program from ending.
            zmq.Context.instance().destroy(linger=0)
            return "nothing"


def registration_without_key(file: str, uuid: str) -> str:
    """What an engine gets that asks to be registered without the server's key."""
    import json
    from pathlib import Path

    import zmq
    from jupyter_client.session import Session

    info = json.loads(Path(file).read_text())
    session = Session(key=b"", session=uuid)
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.identity = uuid.encode()
        socket.connect(f"tcp://{info['location']}:{info['registration']}")
        session.send(socket, "registration_request", content={"uuid": uuid, "id": None})
        return "an answer" if socket.poll(5000) else "nothing"


def overheard(file: str, secret: str) -> dict[str, object]:
    """Send a secret to an engine and back while every connection of the client goes through somebody who listens.

    Returns:
        The engine's answer; how many bytes went by; whether the secret was among them; whether it was where the same
        message was sent to a socket without encryption, which shows that the listener hears.
    """
    import contextlib
    import json
    import socket
    import tempfile
    import threading
    from pathlib import Path

    import ipyparallel as ipp
    import zmq
    from ipyparallel.serialize import pack_apply_message
    from jupyter_client.session import Session

    heard = bytearray()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                heard.extend(chunk)
                sink.sendall(chunk)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def listen(host: str, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            while True:
                inner = listener.accept()[0]
                outer = socket.create_connection((host, port))
                for ends in ((inner, outer), (outer, inner)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    def answer(text: str) -> str:
        return text[::-1] + text

    info = json.loads(Path(file).read_text())
    channels = ("control", "mux", "task", "iopub", "notification", "broadcast", "registration")
    ports = {channel: listen(info["location"], info[channel]) for channel in channels}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as copy:
        copy.write(json.dumps(info | ports | {"location": "127.0.0.1"}))
        copy.flush()
        with ipp.Client(copy.name, timeout=10) as client:
            replies = [
                client[client.ids[0]].apply_async(answer, secret).get(timeout=20),
                client.load_balanced_view().apply_async(answer, secret).get(timeout=20),
                client.broadcast_view().apply_async(answer, secret).get(timeout=20)[0],
            ]
    encrypted = bytes(heard)

    heard.clear()
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(f"tcp://127.0.0.1:{listen('127.0.0.1', router.bind_to_random_port('tcp://127.0.0.1'))}")
        Session(key=b"").send(dealer, "apply_request", buffers=pack_apply_message(answer, (secret,), {}))
        router.poll(5000)
    return {
        "answers": sorted(set(replies)),
        "bytes": len(encrypted),
        "heard": secret.encode() in encrypted,
        "heard in clear": secret.encode() in heard,
    }
