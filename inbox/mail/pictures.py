"""Pictures that somebody sent, drawn anew: what leaves here was written by us. Pure.

Only the five raster types that every browser shows. Their readers are called by class, so that none of
Pillow's many others ever sees the bytes. Nothing but pixels is kept: no EXIF, no comment, no colour profile,
and of an animation the first picture.
"""

import io

# Some of these are only used by the others, on the way: later, in the worker, no file can be opened.
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageColor,  # noqa: F401
    ImageFile,
    ImagePalette,  # noqa: F401
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,
)

from inbox.mail.rasters import Picture, raster_kind

LONGEST_SIDE = 2000
#: 160 MB as red, green, blue and alpha.
MOST_PIXELS = 40_000_000
#: Of these libwebp holds three copies while it reads.
MOST_WEBP_PIXELS = 24_000_000

_JPEG_QUALITY = 85
#: More takes four times as long for a tenth less.
_PNG_EFFORT = 1
_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
}

# The usual plugins, for the same reason; asked to write, Pillow would look for them.
Image.preinit()


class Unshowable(Exception):
    """Why something cannot be looked at here: "damaged", "too-large", "encrypted", "empty", "unknown"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def redraw(content: bytes, longest_side: int = LONGEST_SIDE) -> Picture:
    """The picture, upright, at most `longest_side` pixels either way. Raises Unshowable."""
    kind = raster_kind(content[:16])
    if not kind:
        raise Unshowable("empty" if not content else "unknown")
    try:
        return _redraw(content, kind, longest_side)
    except Unshowable:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise Unshowable("too-large") from None
    except Exception as error:  # each reader has its own ways to stumble over what is no picture
        raise Unshowable("damaged") from error


def _redraw(content: bytes, kind: str, longest_side: int) -> Picture:
    with _READERS[kind](io.BytesIO(content)) as sent:
        width, height = sent.size
        if width < 1 or height < 1:
            raise Unshowable("damaged")
        if width * height > (MOST_WEBP_PIXELS if kind == "webp" else MOST_PIXELS):
            raise Unshowable("too-large")
        # A large JPEG is decoded at half its size or less, as long as that is enough.
        sent.draft(None, (longest_side, longest_side))
        sent.load()
        turn = _UPRIGHT.get(sent.getexif().get(_ORIENTATION, 1))
        drawn = _in_plain_colours(sent)
        drawn.thumbnail((longest_side, longest_side), reducing_gap=2.0)
        if turn is not None:
            drawn = drawn.transpose(turn)
    drawn.info.clear()  # a writer would take comment, profile and the like from here
    return _written(drawn, as_jpeg=_is_photograph(content, kind) and drawn.mode in ("L", "RGB"))


def _in_plain_colours(sent: Image.Image) -> Image.Image:
    """Grey or red, green and blue, 8 bits each, with alpha where there is any. No copy where it is so."""
    if sent.mode in ("L", "RGB", "RGBA") and "transparency" not in sent.info:
        return sent
    if sent.mode.startswith("I;16"):
        return sent.point(lambda value: value * (1 / 256)).convert("L")
    if sent.has_transparency_data:
        return sent.convert("RGBA")
    return sent.convert("L" if sent.mode == "1" else "RGB")


def _is_photograph(content: bytes, kind: str) -> bool:
    """Whether it came in lossy, and would be several times as large without loss."""
    return kind == "jpeg" or (kind == "webp" and content[12:16] == b"VP8 ")


def _written(drawn: Image.Image, *, as_jpeg: bool) -> Picture:
    written = io.BytesIO()
    if as_jpeg:
        drawn.save(written, "JPEG", quality=_JPEG_QUALITY)
    else:
        drawn.save(written, "PNG", compress_level=_PNG_EFFORT)
    content_type = "image/jpeg" if as_jpeg else "image/png"
    return Picture(written.getvalue(), content_type, *drawn.size)
