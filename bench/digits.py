#!/usr/bin/env python3
"""Writes the digits of MNIST as mnist.onnx takes them, one .npy for each, for 'splitinfer exits'.

usage: digits.py IMAGES.gz LABELS.gz OUT FIRST COUNT

IMAGES.gz and LABELS.gz are MNIST's own files, such as mnist-t10k-images-idx3-ubyte.gz. OUT gets digits/NNNNN.npy, each
1 x 1 x 28 x 28 floats from 0 to 255, and labels.txt with a label a line, of COUNT digits from number FIRST on.
Needs nothing but Python.
"""
import array
import gzip
import os
import struct
import sys


def read(path, magic, header):
    """Numbers of the header and bytes of an IDX file."""
    with gzip.open(path) as file:
        numbers = struct.unpack(f">{header}I", file.read(4 * header))
        if numbers[0] != magic:
            sys.exit(f"{path} is no file of MNIST's.")
        return numbers[1:], file.read()


def write(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)


def main(images, labels, out, first, count):
    (digits, height, width), pixels = read(images, 0x803, 4)
    _, classes = read(labels, 0x801, 2)
    first, count = int(first), int(count)
    if first + count > digits:
        sys.exit(f"There are {digits} digits; the last ones asked for are beyond.")
    os.makedirs(os.path.join(out, "digits"), exist_ok=True)
    size = height * width
    for digit in range(first, first + count):
        values = array.array("f", list(pixels[digit * size:(digit + 1) * size]))
        write(os.path.join(out, "digits", f"{digit:05}.npy"), (1, 1, height, width), values)
    with open(os.path.join(out, "labels.txt"), "w") as file:
        file.writelines(f"{label}\n" for label in classes[first:first + count])


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
