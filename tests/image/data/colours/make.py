#!/usr/bin/python3
"""Pictures in other colour spaces than sRGB, and beside each (NAME.png) the sRGB that Pillow and Little CMS make of it.

Run it in this folder: /usr/bin/python3 make.py. Needs Pillow (python3-pil) and NumPy. The profiles are made here.
"""
import io
import struct
import zlib

import numpy
from PIL import Image, ImageCms

D65, D50, D50_XYZ = (0.3127, 0.3290), (0.3457, 0.3585), (0.9642, 1.0, 0.8249)
BRADFORD = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def xyz(xy):
    return numpy.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])


def profile(tones, white=D65, primaries=None):
    """ICC 2.4: a grey one without primaries. `tones` is a power, or a table of linear light."""
    def s15(values):
        return b"".join(struct.pack(">i", round(float(v) * 65536)) for v in values)

    if isinstance(tones, float):
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(tones * 256)) + b"\0\0"
    else:
        curve = b"curv\0\0\0\0" + struct.pack(">I", len(tones)) + b"".join(
            struct.pack(">H", round(65535 * t)) for t in tones)
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78 + 1),
            b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": b"XYZ \0\0\0\0" + s15(D50_XYZ)}
    if primaries is None:
        tags[b"kTRC"] = curve
    else:
        columns = numpy.array([xyz(p) for p in primaries]).T
        matrix = columns * numpy.linalg.solve(columns, xyz(white))
        cones = (BRADFORD @ numpy.array(D50_XYZ)) / (BRADFORD @ xyz(white))
        adapted = numpy.linalg.inv(BRADFORD) @ numpy.diag(cones) @ BRADFORD @ matrix
        for i, name in enumerate((b"r", b"g", b"b")):
            tags[name + b"XYZ"] = b"XYZ \0\0\0\0" + s15(adapted[:, i])
            tags[name + b"TRC"] = curve
    at, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, body in tags.items():
        body += bytes(-len(body) % 4)
        table += name + struct.pack(">II", at + len(data), len(body))
        data += body
    space = b"GRAY" if primaries is None else b"RGB "
    header = struct.pack(">II", at + len(data), 0) + b"\x02\x40\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + s15(D50_XYZ)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + data


def srgb_light(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def bt709_light(v):
    return v / 4.5 if v < 0.081 else ((v + 0.099) / 1.099) ** (1 / 0.45)


SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
REC2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
SRGB_TABLE, BT709_TABLE = ([f(i / 1023) for i in range(1024)] for f in (srgb_light, bt709_light))
LINEAR, ADOBE = profile(1.0, D65, SRGB), profile(563 / 256, D65, ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)))
P3_ICC = profile(SRGB_TABLE, D65, P3)
PROPHOTO = profile(1.8, D50, ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)))

steps = [16 + 28 * i for i in range(9)]
rgb = Image.fromarray(numpy.array([(r, g, b) for b in steps for g in steps for r in steps],
                                  dtype=numpy.uint8).reshape(27, 27, 3))
grey = Image.fromarray(numpy.arange(256, dtype=numpy.uint8).reshape(16, 16))


def to_srgb(image, icc):
    flags = 0x2000 | 0x0100  # black point compensation; no tables
    return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"),
                                     renderingIntent=1, outputMode="RGB", flags=flags)


def save(name, image, icc, expected=None, **options):
    image.save(name, **options)
    with Image.open(name) as stored:
        stored.load()
        (expected or to_srgb(stored, icc)).save(name + ".png")


def save_with_chunks(name, image, icc, chunks):
    """Chunks right after the header: Pillow writes none that it does not know."""
    image.save(name)
    png = open(name, "rb").read()
    made = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
                    for kind, data in chunks.items())
    open(name, "wb").write(png[:33] + made + png[33:])
    to_srgb(image, icc).save(name + ".png")


save("linear.png", rgb, LINEAR, icc_profile=LINEAR)
save("adobe.png", rgb, ADOBE, icc_profile=ADOBE)
save("adobe.jpg", rgb.resize((216, 216), Image.NEAREST), ADOBE, icc_profile=ADOBE, quality=95, subsampling=0)
save("adobe.webp", rgb, ADOBE, icc_profile=ADOBE, lossless=True)
save("adobe.tiff", rgb, ADOBE, icc_profile=ADOBE)
save("p3.png", rgb, P3_ICC, icc_profile=P3_ICC)
save("rec2020.png", rgb, profile(2.4, D65, REC2020), icc_profile=profile(2.4, D65, REC2020))
save("prophoto.png", rgb, PROPHOTO, icc_profile=PROPHOTO)
save("grey.png", grey, profile(1.8), icc_profile=profile(1.8))
save_with_chunks("gama.png", rgb, profile(1.0, D65, P3), {b"gAMA": struct.pack(">I", 100000), b"cHRM": struct.pack(
    ">8I", *(round(100000 * v) for xy in (D65, *P3) for v in xy))})
save_with_chunks("cicp-p3.png", rgb, P3_ICC, {b"cICP": bytes([12, 13, 0, 1])})
save_with_chunks("cicp-rec2020.png", rgb, profile(BT709_TABLE, D65, REC2020), {b"cICP": bytes([9, 1, 0, 1])})
lab = ImageCms.profileToProfile(rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")
save("lab.tiff", lab, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
cmyk = Image.merge("CMYK", (*rgb.split(), rgb.rotate(180).split()[0].point(lambda v: v // 2)))
save("cmyk.tiff", cmyk, None, cmyk.convert("RGB"))
