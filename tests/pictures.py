"""Pictures for tests: good ones, and what somebody might send instead. All made here, none is kept as a file."""
import io
import struct
import zlib

from PIL import Image

EXIF_SECRET = b"51.4779 N Greenwich"


def picture(width, height, form="JPEG", mode="RGB", **options):
    """Left half red, right half blue, the upper edge of the left half green: so that turning shows."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 30, 200), (width // 2, 0, width, height))
    image.paste((30, 200, 30), (0, 0, width // 2, max(1, height // 4)))
    out = io.BytesIO()
    image.convert(mode).save(out, form, **options)
    return out.getvalue()


def noise(width, height, form="JPEG", **options):
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, form, **options)
    return out.getvalue()


def with_exif(form="JPEG", width=800, height=600, orientation=6):
    """As a telephone writes it: lying on its side, with the place it was taken at, and a comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = EXIF_SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0)})
    options = {"exif": exif}
    if form == "JPEG":
        options["comment"] = EXIF_SECRET
    return picture(width, height, form, **options)


def opened(content):
    return Image.open(io.BytesIO(content))


# ---- what is no picture, or too much of one

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth=8, colour=0, interlace=0, *, data=b"\0" * 1000, more=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def jpeg_of_size(width, height):
    """A small JPEG whose header says something else."""
    good = bytearray(picture(64, 64))
    at = good.index(b"\xff\xc0")
    good[at + 5:at + 9] = struct.pack(">HH", height, width)
    return bytes(good)


def webp_of_size(width, height):
    """An extended header with a canvas of 16383 x 16383 and nothing behind it that fits."""
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body += picture(16, 16, "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def jpeg_of_scans(count):
    good = picture(2000, 2000, progressive=True)
    at = good.rindex(b"\xff\xda")
    return good[:at] + good[at:-2] * count + good[-2:]


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>'
HTML = b"<!DOCTYPE html><script>alert(document.domain)</script>"
ZIP = b"PK\x03\x04" + b"\0" * 26 + b"PK\x05\x06" + b"\0" * 18

# Not pictures of ours by their first bytes: refused when they come.
NOT_TAKEN = {
    "nothing": b"", "one byte": b"\xff", "text": b"hello", "html": HTML, "svg": SVG, "pdf": PDF, "zip": ZIP,
    "gif": b"GIF89a" + b"\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    "bmp": b"BM" + b"\0" * 60, "tiff": b"II*\0" + b"\0" * 60, "heic": b"\0\0\0\x18ftypheic" + b"\0" * 60,
    "avif": b"\0\0\0\x1cftypavif" + b"\0" * 60, "jpeg xl": b"\xff\x0a" + b"\0" * 60, "wave": b"RIFF\x24\0\0\0WAVEfmt ", "postscript": b"%!PS-Adobe-3.0",
    "magick": b"push graphic-context\nimage over 0,0 0,0 'https://example.com/x'", "matlab": b"MATLAB 5.0 MAT-file", "elf": b"\x7fELF" + b"\0" * 60,
    "html before a jpeg": HTML + picture(16, 16), "zip before a jpeg": ZIP + picture(16, 16),
}


def rejected():
    """{what: (file, reasons it may be rejected for)}"""
    jpeg, pngs, webp = noise(200, 150), noise(200, 150, "PNG"), noise(200, 150, "WEBP")
    found = {
        "png of 50,000 x 50,000": (png(50000, 50000), {"too_many_pixels"}),
        "png of 2^31 - 1 a side": (png(2**31 - 1, 2**31 - 1), {"too_many_pixels", "unreadable"}),
        "png 30,001 wide": (png(30001, 1), {"too_many_pixels"}),
        "jpeg of 65,500 x 65,500": (jpeg_of_size(65500, 65500), {"too_many_pixels", "unreadable"}),
        "webp of 16,383 x 16,383": (webp_of_size(16383, 16383), {"too_many_pixels", "unreadable"}),
        "png without pixels": (png(0, 0), {"unreadable"}),
        "png whose data is short": (png(3000, 3000), {"unreadable"}),
        "png with a bomb of text": (png(50, 50, more=chunk(b"zTXt", b"x\0\0" + zlib.compress(b"a" * 50_000_000)), data=b"\1"), {"unreadable"}),
        "png with a bomb of a profile": (png(50, 50, more=chunk(b"iCCP", b"x\0\0" + zlib.compress(b"a" * 50_000_000)), data=b"\1"), {"unreadable"}),
        "png that is no more than its first bytes": (b"\x89PNG\r\n\x1a\n", {"unreadable"}),
        "jpeg that is no more than its first bytes": (b"\xff\xd8\xff", {"unreadable"}),
        "webp that is no more than its first bytes": (b"RIFF\xff\xff\xff\xffWEBP", {"unreadable"}),
        "jpeg's first bytes, then a pdf": (b"\xff\xd8\xff\xe0" + PDF, {"unreadable"}),
        "jpeg's first bytes, then a page": (b"\xff\xd8\xff\xfe" + HTML * 100, {"unreadable"}),
        "jpeg of 4,000 scans": (jpeg_of_scans(4000), {"unreadable", "too_costly"}),
    }
    for name, whole in (("jpeg", jpeg), ("png", pngs), ("webp", webp)):
        for part in (0.01, 0.3, 0.6, 0.95):
            found[f"{name} cut off at {part:.0%}"] = (whole[:max(16, int(len(whole) * part))], {"unreadable"})
    return found


def polyglots():
    """Good pictures with something else in or behind them, which must not get through."""
    secret = b"<script>alert('hidden')</script>"
    jpeg, pngs = picture(400, 300), picture(400, 300, "PNG")
    end = pngs.rindex(b"IEND") - 4
    return secret, {
        "a page behind a jpeg": jpeg + secret, "an archive behind a jpeg": jpeg + ZIP + secret,
        "a page in a comment": picture(400, 300, comment=secret),
        "a page in a chunk of text": pngs[:end] + chunk(b"tEXt", b"Comment\0" + secret) + pngs[end:],
        "a page behind a png": pngs + secret, "a page behind a webp": picture(400, 300, "WEBP") + secret,
    }
