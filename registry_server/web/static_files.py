"""Style sheets, scripts and fonts, read once and served from memory under one address that changes when any of them does."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

STATIC_DIR = Path(__file__).parent / "static"
COMPRESSED_SUFFIXES = frozenset({".css", ".js", ".svg", ".txt"})
LONG = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    compressed: bytes | None
    media_type: str

    @classmethod
    def read(cls, path: Path) -> Self:
        body = path.read_bytes()
        media_type = MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls(body, gzip.compress(body, mtime=0) if path.suffix in COMPRESSED_SUFFIXES else None, media_type)


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files below the folder. Their address carries a hash of the whole folder, so that relative links inside a style sheet hold."""

    files: dict[str, StaticFile]
    version: str

    @classmethod
    def load(cls, folder: Path = STATIC_DIR) -> Self:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): StaticFile.read(path) for path in paths}
        whole = hashlib.sha256()
        for name, file in files.items():
            whole.update(name.encode() + b"\0" + hashlib.sha256(file.body).digest())
        return cls(files, whole.hexdigest()[:12])

    def url(self, name: str) -> str:
        """Raises KeyError for a file that does not exist: a template's mistake shows in the first test."""
        self.files[name]
        return f"/static/{self.version}/{name}"

    def respond(self, version: str, name: str, request: Request) -> Response:
        """The file; 404 if there is none. A page from before an upgrade asks with its old version: it gets the new file, not to be kept."""
        file = self.files.get(name)
        if file is None:
            return Response(status_code=404)
        headers = {"Cache-Control": LONG if version == self.version else "no-cache", "Vary": "Accept-Encoding"}
        if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.compressed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(file.body, media_type=file.media_type, headers=headers)
