"""uvicorn's HTTP protocol on its fast parser, which by itself would take headers without an end."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

AROUND = 64 * 1024  # bytes that may come without any of a body among them


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head, or what follows its body, does not end."""

    around = 0

    def on_message_begin(self) -> None:
        self.around = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self.around = max(0, self.around - 2 * len(body))  # a chunk may have as much around it as in it
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        self.around += len(data)
        super().data_received(data)
        if self.around > AROUND:
            self.send_400_response("The headers of the request are too long.")
