#!/usr/bin/env python3
"""Writes photographs as SqueezeNet takes them, one .npy for each, for 'splitinfer calibrate'.

usage: photographs.py IMAGES.npy LABELS.npy OUT [COUNT]

IMAGES.npy holds N x height x width x 3 bytes, RGB; LABELS.npy N 64-bit integers. OUT gets photographs/NNN.npy, each
1 x BGR x height x width floats with the mean of the training set taken off, and labels.txt with a label a line.
Needs nothing but Python.
"""
import array
import ast
import os
import struct
import sys

MEAN = {"B": 104, "G": 117, "R": 123}


def read(path):
    """Dimensions and bytes of a .npy file of version 1."""
    with open(path, "rb") as file:
        if file.read(8) != b"\x93NUMPY\x01\x00":
            sys.exit(f"{path} is no .npy file of version 1.")
        header = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode())
        if header["fortran_order"]:
            sys.exit(f"{path} is in Fortran order; save it in C order.")
        return header["shape"], file.read()


def write(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)


def main(images, labels, out, count=None):
    (samples, height, width, _), pixels = read(images)
    _, classes = read(labels)
    samples = min(samples, int(count or samples))
    os.makedirs(os.path.join(out, "photographs"), exist_ok=True)
    planes = [("BGR".index(colour), [byte - MEAN[colour] for byte in range(256)]) for colour in "BGR"]
    for sample in range(samples):
        rgb = pixels[sample * height * width * 3:(sample + 1) * height * width * 3]
        values = array.array("f")
        for place, levels in planes:
            values.extend(map(levels.__getitem__, rgb[2 - place::3]))
        write(os.path.join(out, "photographs", f"{sample:03}.npy"), (1, 3, height, width), values)
    with open(os.path.join(out, "labels.txt"), "w") as file:
        file.writelines(f"{label}\n" for label in struct.unpack(f"<{samples}q", classes[:8 * samples]))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
