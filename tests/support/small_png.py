"""Small PNG: the same picture in 256 colours, a third of the size; the browser counts the colours."""

import base64
import struct
import zlib

from playwright.async_api import Page

# Half of the palette are the commonest colours, the rest those that are farthest from any kept yet:
# a page has few colours but for the edges of its letters, and its rarest one may be a status.
_COUNT = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(picture.width, picture.height), area = canvas.getContext("2d");
  area.drawImage(picture, 0, 0);
  const pixels = area.getImageData(0, 0, picture.width, picture.height).data, counts = new Map();
  const at = (n) => (pixels[n] << 16) | (pixels[n + 1] << 8) | pixels[n + 2];
  for (let n = 0; n < pixels.length; n += 4) counts.set(at(n), (counts.get(at(n)) || 0) + 1);
  const far = (a, b) => 2 * ((a >> 16) - (b >> 16)) ** 2 + 4 * (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + 3 * ((a & 255) - (b & 255)) ** 2;
  const kept = [], places = new Map(), least = new Map();
  const keep = (colour) => {
    for (const one of counts.keys()) {
      const away = far(one, colour);
      if (away < (least.get(one) ?? Infinity)) { least.set(one, away); places.set(one, kept.length); }
    }
    kept.push(colour);
  };
  [...counts].sort((a, b) => b[1] - a[1]).slice(0, 128).forEach(([colour]) => keep(colour));
  while (kept.length < Math.min(256, counts.size)) {
    let next = 0, most = -1;
    for (const [colour, count] of counts) {
      const need = least.get(colour) * Math.sqrt(count);
      if (need > most) [next, most] = [colour, need];
    }
    keep(next);
  }
  let indices = "";
  for (let n = 0; n < pixels.length; n += 4) indices += String.fromCharCode(places.get(at(n)));
  return [picture.width, picture.height, kept, btoa(indices)];
}"""


async def small_png(page: Page, png: bytes) -> bytes:
    """Return the picture with a palette; the page is any page of a browser."""
    width, height, colours, text = await page.evaluate(_COUNT, base64.b64encode(png).decode())
    pixels = base64.b64decode(text)
    rows = (b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    palette = b"".join(struct.pack(">I", colour)[1:] for colour in colours)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(b"".join(rows), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
