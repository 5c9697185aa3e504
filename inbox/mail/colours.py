"""Colours as the sender wrote them, and whether one can be read on another (WCAG 2.2, contrast ratio)."""

import colorsys
import re
from collections.abc import Callable
from functools import lru_cache

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)

# CSS Color 4, 6.1.
_NAMED = {
    pair.partition("=")[0]: pair.partition("=")[2]
    for pair in """
    aliceblue=f0f8ff antiquewhite=faebd7 aqua=00ffff aquamarine=7fffd4 azure=f0ffff beige=f5f5dc bisque=ffe4c4
    black=000000 blanchedalmond=ffebcd blue=0000ff blueviolet=8a2be2 brown=a52a2a burlywood=deb887
    cadetblue=5f9ea0 chartreuse=7fff00 chocolate=d2691e coral=ff7f50 cornflowerblue=6495ed cornsilk=fff8dc
    crimson=dc143c cyan=00ffff darkblue=00008b darkcyan=008b8b darkgoldenrod=b8860b darkgray=a9a9a9
    darkgreen=006400 darkgrey=a9a9a9 darkkhaki=bdb76b darkmagenta=8b008b darkolivegreen=556b2f
    darkorange=ff8c00 darkorchid=9932cc darkred=8b0000 darksalmon=e9967a darkseagreen=8fbc8f
    darkslateblue=483d8b darkslategray=2f4f4f darkslategrey=2f4f4f darkturquoise=00ced1 darkviolet=9400d3
    deeppink=ff1493 deepskyblue=00bfff dimgray=696969 dimgrey=696969 dodgerblue=1e90ff firebrick=b22222
    floralwhite=fffaf0 forestgreen=228b22 fuchsia=ff00ff gainsboro=dcdcdc ghostwhite=f8f8ff gold=ffd700
    goldenrod=daa520 gray=808080 green=008000 greenyellow=adff2f grey=808080 honeydew=f0fff0 hotpink=ff69b4
    indianred=cd5c5c indigo=4b0082 ivory=fffff0 khaki=f0e68c lavender=e6e6fa lavenderblush=fff0f5
    lawngreen=7cfc00 lemonchiffon=fffacd lightblue=add8e6 lightcoral=f08080 lightcyan=e0ffff
    lightgoldenrodyellow=fafad2 lightgray=d3d3d3 lightgreen=90ee90 lightgrey=d3d3d3 lightpink=ffb6c1
    lightsalmon=ffa07a lightseagreen=20b2aa lightskyblue=87cefa lightslategray=778899 lightslategrey=778899
    lightsteelblue=b0c4de lightyellow=ffffe0 lime=00ff00 limegreen=32cd32 linen=faf0e6 magenta=ff00ff
    maroon=800000 mediumaquamarine=66cdaa mediumblue=0000cd mediumorchid=ba55d3 mediumpurple=9370db
    mediumseagreen=3cb371 mediumslateblue=7b68ee mediumspringgreen=00fa9a mediumturquoise=48d1cc
    mediumvioletred=c71585 midnightblue=191970 mintcream=f5fffa mistyrose=ffe4e1 moccasin=ffe4b5
    navajowhite=ffdead navy=000080 oldlace=fdf5e6 olive=808000 olivedrab=6b8e23 orange=ffa500 orangered=ff4500
    orchid=da70d6 palegoldenrod=eee8aa palegreen=98fb98 paleturquoise=afeeee palevioletred=db7093
    papayawhip=ffefd5 peachpuff=ffdab9 peru=cd853f pink=ffc0cb plum=dda0dd powderblue=b0e0e6 purple=800080
    rebeccapurple=663399 red=ff0000 rosybrown=bc8f8f royalblue=4169e1 saddlebrown=8b4513 salmon=fa8072
    sandybrown=f4a460 seagreen=2e8b57 seashell=fff5ee sienna=a0522d silver=c0c0c0 skyblue=87ceeb
    slateblue=6a5acd slategray=708090 slategrey=708090 snow=fffafa springgreen=00ff7f steelblue=4682b4
    tan=d2b48c teal=008080 thistle=d8bfd8 tomato=ff6347 turquoise=40e0d0 violet=ee82ee wheat=f5deb3
    white=ffffff whitesmoke=f5f5f5 yellow=ffff00 yellowgreen=9acd32
    """.split()  # noqa: SIM905 - a table that is read
}
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(
    r"(rgb|hsl)a?\(\s*([\d.]{1,8})(?:deg)?(%?)[\s,]+([\d.]{1,8})(%?)[\s,]+([\d.]{1,8})(%?)"
    r"(?:\s*[,/]\s*([\d.]{1,8})(%?))?\s*\)"
)


@lru_cache(maxsize=1024)
def parse_colour(text: str) -> Colour | None:
    """The colour that `text` names, mixed with white as far as it is transparent; None if it names none."""
    text = text.strip().lower()
    named = _NAMED.get(text)
    match = _HEX.fullmatch(named or text)
    if match is not None:
        digits = match[1]
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        red, green, blue, *alpha = (int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))
        return _on_white((red, green, blue), alpha[0] / 255 if alpha else 1.0)
    function = _FUNCTION.fullmatch(text)
    if function is None:
        return None
    try:
        return _from_function(function)
    except ValueError:  # "1.2.3"
        return None


def to_hex(colour: Colour) -> str:
    """`colour` in the one notation that every attribute and property takes."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=1024)
def contrast(one: Colour, other: Colour) -> float:
    """1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# On a dark page no ground is lighter than the first and no ink darker than the second, so that any ink can
# be read on any ground, whichever of the sender's rules wins: (0.5 + 0.05) / (0.07 + 0.05) > 4.5.
_LIGHTEST_GROUND = 0.07
_DARKEST_INK = 0.5


@lru_cache(maxsize=1024)
def dark_ground(colour: Colour) -> Colour:
    """`colour` as a ground on a dark page: what was light becomes nearly black, what has a hue keeps it."""
    if _luminance(colour) <= _LIGHTEST_GROUND:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    lightness = 0.11 + (1 - lightness) * 0.45
    return _until(hue, lightness, min(saturation, 0.7), 0.93, lambda found: found <= _LIGHTEST_GROUND)


@lru_cache(maxsize=1024)
def dark_ink(colour: Colour) -> Colour:
    """`colour` as an ink on a dark page."""
    if _luminance(colour) >= _DARKEST_INK:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    lightness = max(lightness, 0.9 - lightness * 0.4)
    return _until(
        hue, 1 - lightness, saturation, 0.9, lambda found: found >= _DARKEST_INK, is_from_white=True
    )


@lru_cache(maxsize=1024)
def dark_line(colour: Colour) -> Colour:
    """`colour` as a border on a dark page."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    return _from_hls(hue, 0.25 + abs(1 - lightness) * 0.35, min(saturation, 0.6))


def _until(
    hue: float,
    lightness: float,
    saturation: float,
    step: float,
    is_enough: Callable[[float], bool],
    *,
    is_from_white: bool = False,
) -> Colour:
    """The colour of that hue, taken step by step towards black (or white) until its luminance is enough."""
    while True:
        colour = _from_hls(hue, 1 - lightness if is_from_white else lightness, saturation)
        if is_enough(_luminance(colour)):
            return colour
        lightness *= step


def _from_hls(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue


def _from_function(match: re.Match[str]) -> Colour:
    numbers = [float(match[2]), float(match[4]), float(match[6])]
    alpha = 1.0 if match[8] is None else float(match[8]) / (100 if match[9] else 1)
    if match[1] == "rgb":
        shares = [
            number * 2.55 if sign else number
            for number, sign in zip(numbers, match.group(3, 5, 7), strict=True)
        ]
        red, green, blue = (min(255, round(share)) for share in shares)
        return _on_white((red, green, blue), min(1.0, alpha))
    hue, saturation, lightness = numbers[0] % 360, min(1.0, numbers[1] / 100), min(1.0, numbers[2] / 100)
    amplitude = saturation * min(lightness, 1 - lightness)

    def channel(offset: int) -> int:
        k = (offset + hue / 30) % 12
        return round(255 * (lightness - amplitude * max(-1.0, min(k - 3, 9 - k, 1.0))))

    return _on_white((channel(0), channel(8), channel(4)), min(1.0, alpha))


def _on_white(colour: Colour, alpha: float) -> Colour:
    if alpha >= 1:
        return colour
    red, green, blue = (round(part * alpha + 255 * (1 - alpha)) for part in colour)
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
