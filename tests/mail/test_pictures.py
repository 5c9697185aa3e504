"""Pictures drawn anew: what a person should see stays, everything else goes, and bombs do not go off."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from inbox.mail.pictures import LONGEST_SIDE, Unshowable, redraw
from inbox.mail.rasters import raster_kind
from tests.mail.shut_in import shut_in

ORIENTATION = 0x0112
GIF_FRAME = b"," + struct.pack("<HHHHB", 0, 0, 9, 9, 0) + b"\x02\x02\x44\x01\x00;"
SECRET = b"51 degrees north"


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (size[0] // 2, 0, size[0], size[1]))
    return image.convert(mode)


def colour(content: bytes, at: tuple[int, int]) -> tuple[int, ...]:
    """Of a pixel, each part as 0 or 255: JPEG is not exact."""
    value = Image.open(io.BytesIO(content)).convert("RGB").getpixel(at)
    assert isinstance(value, tuple)
    return tuple(255 if part > 127 else 0 for part in value)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png_bomb(width: int, height: int) -> bytes:
    """A few kilobytes that are a very large picture."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_header(width, height) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_each_raster_type_shows_what_was_sent(kind: str) -> None:
    drawn = redraw(saved(halves(), kind))
    assert (drawn.width, drawn.height) == (40, 20)
    assert (colour(drawn.content, (5, 10)), colour(drawn.content, (35, 10))) == ((255, 0, 0), (0, 0, 255))
    assert drawn.content_type == f"image/{raster_kind(drawn.content)}"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_kind_of_png_is_drawn(mode: str) -> None:
    assert redraw(saved(Image.new(mode, (30, 30)), "PNG")).width == 30


def test_a_picture_of_16_bits_keeps_its_greys() -> None:
    drawn = redraw(saved(Image.new("I;16", (8, 8), 40_000), "PNG"))
    assert Image.open(io.BytesIO(drawn.content)).getpixel((0, 0)) == 40_000 // 256


def test_a_jpeg_for_print_gets_the_colours_of_a_screen() -> None:
    drawn = redraw(saved(halves("CMYK"), "JPEG"))
    assert colour(drawn.content, (5, 10)) == (255, 0, 0)
    assert Image.open(io.BytesIO(drawn.content)).mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_what_was_transparent_stays_so(kind: str) -> None:
    drawn = redraw(saved(Image.new("RGBA", (10, 10), (0, 0, 0, 0)), kind))
    pixel = Image.open(io.BytesIO(drawn.content)).convert("RGBA").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    jpeg = saved(halves(), "JPEG", exif=exif.tobytes(), comment=SECRET, icc_profile=SECRET * 20)
    assert jpeg.count(SECRET) >= 3
    assert SECRET not in redraw(jpeg).content


def test_text_and_profile_of_a_png_are_not_kept() -> None:
    sent = png_header(1, 1) + chunk(b"tEXt", b"Comment\0" + SECRET)
    sent += chunk(b"iCCP", b"x\0\0" + zlib.compress(SECRET * 9)) + chunk(b"IDAT", zlib.compress(bytes(4)))
    drawn = redraw(sent + chunk(b"IEND", b"") + SECRET).content
    assert SECRET not in drawn
    assert b"iCCP" not in drawn


def test_a_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the top is on the right
    drawn = redraw(saved(halves(), "JPEG", exif=exif.tobytes(), quality=95))
    assert (drawn.width, drawn.height) == (20, 40)
    assert (colour(drawn.content, (10, 5)), colour(drawn.content, (10, 35))) == ((255, 0, 0), (0, 0, 255))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_drawn(kind: str) -> None:
    others = [Image.new("RGB", (9, 9), (0, 0, 255)) for _ in range(3)]
    sent = saved(Image.new("RGB", (9, 9), (255, 0, 0)), kind, save_all=True, append_images=others)
    drawn = redraw(sent)
    assert colour(drawn.content, (4, 4)) == (255, 0, 0)
    assert getattr(Image.open(io.BytesIO(drawn.content)), "n_frames", 1) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_large_picture_is_made_to_fit(kind: str) -> None:
    drawn = redraw(saved(Image.new("RGB", (5000, 2500), (255, 0, 0)), kind))
    assert (drawn.width, drawn.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_a_very_thin_picture_keeps_a_pixel() -> None:
    assert redraw(saved(Image.new("RGB", (30_000, 1)), "PNG")).height == 1


def test_a_photograph_stays_small_and_a_drawing_exact() -> None:
    assert redraw(saved(halves(), "WEBP", lossless=True)).content_type == "image/png"
    assert redraw(saved(halves(), "WEBP")).content_type == "image/jpeg"
    assert redraw(saved(halves(), "JPEG")).content_type == "image/jpeg"
    assert redraw(saved(halves(), "GIF")).content_type == "image/png"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown"),
        (b"<!doctype html><p>", "unknown"),
        (b"%PDF-1.7", "unknown"),
        (b"II*\0" + bytes(100), "unknown"),
        (b"BM is how this letter begins", "unknown"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (png_header(0, 0), "damaged"),
        (png_header(10, 10), "damaged"),
        (png_header(100_000, 100_000) + chunk(b"IDAT", b""), "too-large"),
        (png_header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b""), "too-large"),
        (b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + GIF_FRAME, "too-large"),
        (b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";", "damaged"),
        (b"\xff\xd8\xff" + bytes(50), "damaged"),
        (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20), "damaged"),
        (b"BM" + bytes(60), "damaged"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Unshowable) as refused:
        redraw(content)
    assert refused.value.reason == reason


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_torn_picture_is_refused_or_drawn(kind: str) -> None:
    whole = saved(Image.effect_noise((60, 60), 80).convert("RGB"), kind)
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        try:
            assert redraw(whole[:length]).width == 60
        except Unshowable as refused:
            assert refused.reason in ("empty", "unknown", "damaged")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Unshowable) as refused:
        redraw(png_bomb(20_000, 2001))
    assert refused.value.reason == "too-large"


LARGEST: dict[str, Callable[[], bytes]] = {
    "photograph": lambda: saved(Image.new("RGB", (8000, 5000), (255, 0, 0)), "JPEG", progressive=True),
    "drawing": lambda: saved(Image.new("RGBA", (8000, 5000), (255, 0, 0, 99)), "PNG", compress_level=1),
    "animation": lambda: saved(Image.new("P", (8000, 5000), 3), "GIF", transparency=0),
    "webp": lambda: saved(Image.new("RGB", (6000, 4000), (255, 0, 0)), "WEBP", method=0),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_picture_that_is_taken_fits_into_a_worker(name: str) -> None:
    code = "sys.stdout.write(str(pictures.redraw(content).width))"
    assert shut_in(code, LARGEST[name](), modules="pictures") == str(LONGEST_SIDE).encode()


def test_a_picture_that_does_not_fit_into_memory_is_refused() -> None:
    code = "\ntry: pictures.redraw(content)\nexcept pictures.Unshowable as refused: print(refused.reason)"
    sent = saved(Image.new("RGB", (8000, 5000)), "PNG", compress_level=1)
    assert shut_in(code, sent, modules="pictures", megabytes=60) == b"too-large\n"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "I;16"])
def test_nothing_is_opened_while_a_picture_is_drawn(kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    sent = {
        "I;16": lambda: saved(Image.new("I;16", (9, 9)), "PNG"),
        "GIF": lambda: saved(halves("P"), "GIF", save_all=True, append_images=[halves("P")]),
        "BMP": lambda: saved(halves(), "BMP"),
    }.get(kind, lambda: saved(halves("RGBA" if kind == "PNG" else "RGB"), kind, exif=exif.tobytes()))()
    drawn = shut_in("print(pictures.redraw(content).content_type)", sent, modules="pictures")
    assert drawn.startswith(b"image/")
