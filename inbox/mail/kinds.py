"""What a file is by its content, beside what its sender calls it. Pure.

A name and a declared type are claims; the content decides how a file may be looked at. The marks are no
verdict (we are no virus scanner): they say what a person would want to know before opening it.
"""

import re
from dataclasses import dataclass

from inbox.mail.signatures import HEAD_BYTES, OFFICE, TAIL_BYTES, Seen, look_at

__all__ = ["HEAD_BYTES", "PLAYED_AS", "TAIL_BYTES", "Kind", "describe"]

DOUBLE_EXTENSION, EXECUTABLE, MACROS = "double-extension", "executable", "macros"
TYPE_DIFFERS, ENCRYPTED = "type-differs", "encrypted-archive"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is; the fields are those of view.FileView."""

    kind: str
    marks: tuple[str, ...] = ()
    preview: str = ""


def describe(name: str, declared_type: str, head: bytes, tail: bytes = b"") -> Kind:
    """The file's kind, its marks, and how it can be looked at.

    `head` is the whole file; or its first HEAD_BYTES, and then `tail` is its last TAIL_BYTES, which misses
    what an old document (OLE) hides in between.
    """
    extensions = _extensions(name)
    extension = extensions[-1] if extensions else ""
    seen = look_at(head, tail or head, extension)
    marks = []
    if _has_double_extension(extensions):
        marks.append(DOUBLE_EXTENSION)
    if _can_run(extension, declared_type, seen):
        marks.append(EXECUTABLE)
    if seen.has_macros or (not seen.kind and extension in _MACRO_EXTENSIONS):
        marks.append(MACROS)
    if head and _differs(extension, declared_type, seen.kind):
        marks.append(TYPE_DIFFERS)
    if seen.is_encrypted:
        marks.append(ENCRYPTED)
    return Kind(seen.kind, tuple(marks), _preview(seen.kind, extension, declared_type))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What it is called

_EXTENSION = re.compile(r"[a-z0-9_-]{1,12}")


def _extensions(name: str) -> list[str]:
    """The name's extensions in small letters; blanks around them are for hiding the last one."""
    pieces = [piece.strip().lower() for piece in name[-300:].rstrip(". ").split(".")[1:]]
    return [piece if _EXTENSION.fullmatch(piece) else "" for piece in pieces]


# "bin" is not one: it is what a file without a name is called, and the content tells a program under it.
_EXECUTABLE_EXTENSIONS = _set(
    """
    exe com scr pif cpl dll ocx sys drv msi msp mst msix msixbundle appx appxbundle appinstaller
    application gadget bat cmd ps1 ps1xml ps2 psc1 psc2 psd1 psm1 vb vbe vbs js jse mjs ws wsf wsc wsh
    hta sct shb shs lnk url website scf inf reg jar jnlp class apk ipa app dmg pkg mpkg command workflow
    action terminal deb rpm run appimage flatpakref snap elf so dylib sh bash zsh csh ksh fish py
    pyc pyw pyz pl rb php phps lua iso img vhd vhdx udf library-ms search-ms searchconnector-ms
    settingcontent-ms theme themepack diagcab msc chm hlp xll wll xlam ppam iqy slk mde ade adp accde
    mdb accdb rdp one onepkg
    """
)
_EXECUTABLE_KINDS = _set("exe elf macho class dex wasm lnk chm msi apk appx jar iso vhd script")
_SCRIPT_TYPES = _set(
    """
    application/javascript application/x-javascript text/javascript text/vbscript application/hta
    application/x-sh application/x-bat application/x-msdownload application/x-msdos-program
    """
)
_MACRO_EXTENSIONS = _set("docm dotm xlsm xltm xlsb xlam pptm potm ppsm ppam sldm")
#: What people open without a thought: before the last extension it is there to be read in its place.
_TRUSTED_EXTENSIONS = _set(
    """
    pdf doc docx xls xlsx ppt pptx odt ods rtf txt csv jpg jpeg png gif bmp webp tif tiff heic mp3 mp4
    wav avi mov zip rar 7z eml msg ics html htm
    """
)
#: Pages that a browser would run from the disk: no programs, and yet not what the first extension says.
_PAGE_EXTENSIONS = _set("html htm shtml xhtml xht mht mhtml svg svgz")


def _has_double_extension(extensions: list[str]) -> bool:
    """ "invoice.pdf.exe": the last extension acts, and one before it is trusted."""
    *earlier, last = extensions or [""]
    if last not in _EXECUTABLE_EXTENSIONS and last not in _PAGE_EXTENSIONS:
        return False
    named = [extension for extension in earlier if extension and extension != last]
    return not _TRUSTED_EXTENSIONS.isdisjoint(named[-2:])


def _can_run(extension: str, declared_type: str, seen: Seen) -> bool:
    """Whether opening it would run it, or put it where the system takes it for a disk of its own."""
    if seen.kind in _EXECUTABLE_KINDS or extension in _EXECUTABLE_EXTENSIONS:
        return True
    return declared_type in _SCRIPT_TYPES and seen.kind in ("text", "")


# Whether it is what it is called

_PICTURES = _set("png jpeg gif webp bmp tiff ico heic avif psd jp2 wmf")
_ZIPS = _set("zip docx xlsx pptx vsdx odt ods odp odg epub jar apk appx")
_SOUND_AND_FILM = _set("mp3 aac wav flac ogg m4a mp4 mov mkv avi midi flv wmv")
_TEXTS = _set("text csv html svg xml ics vcf script pgp")

#: Extension → the kinds that its content may be of; what is not here claims nothing that could be checked.
_MAY_BE: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        _set("png jpg jpeg jpe jfif gif webp bmp tif tiff ico heic heif avif psd jp2"), _PICTURES
    ),
    **dict.fromkeys(
        _set("mp3 aac wav flac ogg oga opus m4a mp4 m4v mov mkv webm avi wmv flv"), _SOUND_AND_FILM | {""}
    ),
    **dict.fromkeys(_set("doc dot docx dotx docm dotm xls xlt xlsx xltx xlsm xlsb"), OFFICE | {"rtf"}),
    **dict.fromkeys(_set("ppt pot pptx potx ppsx pps pptm odt ods odp odg vsd vsdx"), OFFICE),
    **dict.fromkeys(
        _set("txt log md csv tsv ics vcf vcard json xml html htm xhtml svg eml"), _TEXTS | {"rtf"}
    ),
    "pdf": _set("pdf"),
    "rtf": _set("rtf"),
    "epub": _set("epub zip"),
    "zip": _ZIPS,
    "jar": _set("jar zip"),
    "apk": _set("apk jar zip"),
    "rar": _set("rar"),
    "7z": _set("7z"),
    "gz": _set("gz"),
    "tgz": _set("gz"),
    "tar": _set("tar"),
    "bz2": _set("bz2"),
    "xz": _set("xz"),
    "exe": _set("exe"),
    "dll": _set("exe"),
    "scr": _set("exe"),
    "msi": _set("msi ole"),
    "msg": _set("msg ole"),
    "lnk": _set("lnk"),
    "iso": frozenset(["iso", ""]),
}
_TYPE_MAY_BE: dict[str, frozenset[str]] = {
    "application/pdf": _MAY_BE["pdf"],
    "application/x-pdf": _MAY_BE["pdf"],
    "application/rtf": _set("rtf"),
    "application/zip": _ZIPS,
    "application/x-zip-compressed": _ZIPS,
    "application/gzip": _set("gz"),
    "application/x-gzip": _set("gz"),
    "application/vnd.rar": _set("rar"),
    "application/msword": OFFICE | {"rtf"},
    "text/html": _TEXTS,
    "text/csv": _TEXTS,
    "text/calendar": _TEXTS,
    "text/vcard": _TEXTS,
}
_TYPE_BEGINS: tuple[tuple[str, frozenset[str]], ...] = (
    ("image/svg", _TEXTS | {"gz"}),
    ("image/", _PICTURES | {"pdf"}),
    ("audio/", _SOUND_AND_FILM),
    ("video/", _SOUND_AND_FILM),
    ("application/vnd.openxmlformats-officedocument.", OFFICE),
    ("application/vnd.oasis.opendocument.", OFFICE),
)


def _differs(extension: str, declared_type: str, kind: str) -> bool:
    """Whether the content is not what the name says, or, where the name says nothing, the declared type.

    Within a family nothing differs: a PNG named .jpg harms nobody and is everyday.
    """
    may_be = _MAY_BE.get(extension)
    if may_be is not None and kind not in may_be:
        return True
    if may_be is None or kind in _EXECUTABLE_KINDS:
        # Also a program under its own name that is declared to be a picture.
        by_type = _type_may_be(declared_type, kind)
        return by_type is not None and kind not in by_type
    return False


def _type_may_be(declared_type: str, kind: str) -> frozenset[str] | None:
    exact = _TYPE_MAY_BE.get(declared_type)
    if exact is not None or not kind:  # there are more kinds of picture and sound than we know
        return exact
    return next((kinds for beginning, kinds in _TYPE_BEGINS if declared_type.startswith(beginning)), None)


# How it can be looked at

_PREVIEWS = {
    **dict.fromkeys(_set("png jpeg gif webp bmp"), "picture"),
    **dict.fromkeys(_set("mp3 wav flac ogg m4a aac"), "audio"),
    **dict.fromkeys(_set("mp4 mkv mov"), "video"),
    **dict.fromkeys(_set("zip jar apk appx tar gz bz2 xz"), "archive"),
    **dict.fromkeys(_set("text html svg xml ics vcf script pgp"), "text"),
    "csv": "table",
    "pdf": "pdf",
}


def _preview(kind: str, extension: str, declared_type: str) -> str:
    preview = _PREVIEWS.get(kind, "")
    if kind == "text" and declared_type in ("text/csv", "text/tab-separated-values"):
        return "table"
    if kind == "ogg" and (extension == "ogv" or declared_type.startswith("video/")):
        return "video"
    return preview


#: kind → the type under which a browser may be given such a file to play; by content, never as declared.
PLAYED_AS: dict[str, str] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "mp4": "video/mp4",
    "mov": "video/mp4",
    "mkv": "video/webm",
}
