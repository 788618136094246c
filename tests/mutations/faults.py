"""The mistakes: of each file what stands there, and what is put in its place. Where no test can tell the difference, a
third text says why: such ones are listed, and not counted."""

from dataclasses import dataclass

import faults_autograd
import faults_beyond
import faults_lib
import faults_nn


@dataclass(frozen=True)
class Fault:
    file: str
    text: str
    mistake: str
    equivalent: str = ""


def listed(table):
    return [Fault(file, *texts) for file, mistakes in table.items() for texts in mistakes]


# Those that show beyond the kernels' limits alone: in a second block or thread's part, in the last lanes.
BEYOND = listed(faults_beyond.TABLE)
OTHERS = [fault for part in (faults_lib, faults_autograd, faults_nn) for fault in listed(part.TABLE)]
