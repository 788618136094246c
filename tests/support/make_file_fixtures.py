"""Writes tests/lib/io/fixtures/torch.safetensors: a file of the format as its description says, by struct and json, whose
numbers are torch's. Run by: /usr/bin/python3 tests/support/make_file_fixtures.py"""

import json
import struct
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent.parent / "lib" / "io" / "fixtures"
NUMBERS = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, float("inf"), float("nan")])
TENSORS = {
    "half": ("F16", NUMBERS.to(torch.float16)),
    "brain": ("BF16", torch.tensor([1.0, -3.140625, 1e38, 1e-40])),
    "float": ("F32", torch.tensor([[1.5, -2.0], [0.25, 3e-39]])),
    "double": ("F64", torch.tensor([1 / 3], dtype=torch.float64)),
    "long": ("I64", torch.tensor([2**62, -1])),
    "int": ("I32", torch.tensor([[-7]], dtype=torch.int32)),
    "short": ("I16", torch.tensor([-32768, 32767], dtype=torch.int16)),
    "char": ("I8", torch.tensor([-128, 127], dtype=torch.int8)),
    "byte": ("U8", torch.tensor([0, 255], dtype=torch.uint8)),
    "flags": ("BOOL", torch.tensor([True, False, True])),
    "scalar": ("F32", torch.tensor(7.0)),
    "empty": ("F32", torch.zeros(0, 3)),
}


def bytes_of(kind, tensor):
    if kind == "BF16":
        return b"".join(struct.pack("<I", struct.unpack("<I", struct.pack("<f", x))[0])[2:] for x in tensor.tolist())
    return tensor.contiguous().numpy().tobytes()


header, data = {"__metadata__": {"format": "pt", "note": "ä \" \\ \n"}}, b""
for name, (kind, tensor) in TENSORS.items():
    part = bytes_of(kind, tensor)
    header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(part)]}
    data += part
text = json.dumps(header).encode()
(FOLDER / "torch.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
