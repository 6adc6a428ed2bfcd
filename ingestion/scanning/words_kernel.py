"""Compiled: text by the addresses of its bytes, eight of them at a look.

Addresses (int64) instead of arrays: arrays are counted and passed in many parts, which costs more than the scanning.
Nothing checks them; who scans leaves SPARE bytes behind the text and makes columns long enough for every line.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_WORD, _BYTE, _REAL = ir.IntType(64), ir.IntType(8), ir.DoubleType()


@intrinsic
def word_at(typing_context, address):  # type: ignore[no-untyped-def]
    """The little-endian word (uint64) at an address, wherever it lies."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        word = builder.load(builder.inttoptr(arguments[0], _WORD.as_pointer()))
        word.align = 1
        return word

    return types.uint64(types.int64), generate


@intrinsic
def byte_at(typing_context, address):  # type: ignore[no-untyped-def]
    """The byte at an address, as int64."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.zext(builder.load(builder.inttoptr(arguments[0], _BYTE.as_pointer())), _WORD)

    return types.int64(types.int64), generate


@intrinsic
def put_word(typing_context, address, word):  # type: ignore[no-untyped-def]
    """Write a word (uint64) to an address."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.store(arguments[1], builder.inttoptr(arguments[0], _WORD.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.uint64), generate


@intrinsic
def put_integer(typing_context, address, value):  # type: ignore[no-untyped-def]
    """Write an int64 to an address."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.store(arguments[1], builder.inttoptr(arguments[0], _WORD.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def put_short(typing_context, address, value):  # type: ignore[no-untyped-def]
    """Write an int64 as int32 to an address."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        short = ir.IntType(32)
        builder.store(builder.trunc(arguments[1], short), builder.inttoptr(arguments[0], short.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def put_real(typing_context, address, value):  # type: ignore[no-untyped-def]
    """Write a double to an address."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.store(arguments[1], builder.inttoptr(arguments[0], _REAL.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.float64), generate


@intrinsic
def first_mark(typing_context, marks):  # type: ignore[no-untyped-def]
    """The index of the lowest byte of `marks` (uint64, not 0) that has its high bit set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.lshr(builder.cttz(arguments[0], ir.IntType(1)(1)), _WORD(3))

    return types.int64(types.uint64), generate


@njit(nogil=True, forceinline=True)
def spread(byte):  # type: ignore[no-untyped-def]
    """A word of eight times `byte`."""
    return np.uint64(byte) * _ONES


@njit(nogil=True, forceinline=True)
def equal_bytes(word, spread_byte):  # type: ignore[no-untyped-def]
    """Marks of the bytes that are the spread one; exact up to the first."""
    other = word ^ spread_byte
    return (other - _ONES) & ~other & _HIGH


@njit(nogil=True, forceinline=True)
def odd_bytes(word):  # type: ignore[no-untyped-def]
    """Marks of control characters and of bytes outside ASCII; exact up to the first."""
    return (((word - _SPACES) & ~word) | word) & _HIGH


@njit(nogil=True, forceinline=True)
def low_bytes(count):  # type: ignore[no-untyped-def]
    """The mask of the first 0 to 7 bytes of a word."""
    return (np.uint64(1) << np.uint64(8 * count)) - np.uint64(1)


@njit(nogil=True, forceinline=True)
def same(one, other, size):  # type: ignore[no-untyped-def]
    """Whether the same `size` bytes stand at both addresses."""
    while size >= 8:
        if word_at(one) != word_at(other):
            return False
        one += 8
        other += 8
        size -= 8
    return (word_at(one) ^ word_at(other)) & low_bytes(size) == np.uint64(0)


@njit(nogil=True)
def is_utf8(at, stop):  # type: ignore[no-untyped-def]
    """Whether the bytes from `at` to `stop` are UTF-8 as Unicode 15 §3.9 table 3-7 has it: no overlong form, no surrogate."""
    while at < stop:
        byte = byte_at(at)
        if byte < 0x80:
            at += 1
            continue
        low, high, more = 0x80, 0xBF, 0
        if 0xC2 <= byte <= 0xDF:
            more = 1
        elif 0xE0 <= byte <= 0xEF:
            more = 2
            if byte == 0xE0:
                low = 0xA0
            elif byte == 0xED:
                high = 0x9F
        elif 0xF0 <= byte <= 0xF4:
            more = 3
            if byte == 0xF0:
                low = 0x90
            elif byte == 0xF4:
                high = 0x8F
        else:
            return False
        if at + more >= stop or byte_at(at + 1) < low or byte_at(at + 1) > high:
            return False
        for further in range(2, more + 1):
            if byte_at(at + further) & 0xC0 != 0x80:
                return False
        at += more + 1
    return True
