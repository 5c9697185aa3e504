"""What a raster picture is, known without a library that could open one. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or a JPEG of our own making."""

    content: bytes
    content_type: str
    width: int
    height: int


def raster_kind(head: bytes) -> str:
    """What raster picture the first 16 bytes begin: "png", "jpeg", "gif", "webp", "bmp", or "" for none."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    # The two reserved words of a bitmap's header are zero, which text that begins with BM never is.
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "bmp"
    return ""
