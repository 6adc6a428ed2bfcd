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
BLOCK = 64  # bytes of a vector that is looked at in one go
PART = 16  # bytes that are copied in one go
_FIGURES, _OVER_NINE = np.uint64(0x3030303030303030), np.uint64(0x7676767676767676)
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
def copy_part(typing_context, address, target):  # type: ignore[no-untyped-def]
    """Copy PART bytes from one address to another; both may lie anywhere."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        lanes = ir.VectorType(_BYTE, PART).as_pointer()
        some = builder.load(builder.inttoptr(arguments[0], lanes))
        some.align = 1
        builder.store(some, builder.inttoptr(arguments[1], lanes)).align = 1
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


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
def short_at(typing_context, address):  # type: ignore[no-untyped-def]
    """The four bytes at an address, as a number that is not less than 0."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        short = ir.IntType(32)
        return builder.zext(builder.load(builder.inttoptr(arguments[0], short.as_pointer()), align=1), ir.IntType(64))

    return types.int64(types.int64), generate


@intrinsic
def put_byte(typing_context, address, value):  # type: ignore[no-untyped-def]
    """Write an int64 as int8 to an address."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.store(builder.trunc(arguments[1], _BYTE), builder.inttoptr(arguments[0], _BYTE.as_pointer()))
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


def _splat(builder, byte):  # type: ignore[no-untyped-def]
    """A vector of BLOCK times `byte`."""
    lanes = ir.VectorType(_BYTE, BLOCK)
    one = builder.insert_element(ir.Constant(lanes, ir.Undefined), byte, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK))


def _bytes_at(builder, address):  # type: ignore[no-untyped-def]
    lanes = builder.load(builder.inttoptr(address, ir.VectorType(_BYTE, BLOCK).as_pointer()))
    lanes.align = 1
    return lanes


@intrinsic
def marks_at(typing_context, address, delimiter):  # type: ignore[no-untyped-def]
    """Of the BLOCK bytes at an address, one bit each (uint64): which are the delimiter, a quote or a control character."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        lanes = _bytes_at(builder, arguments[0])
        delimiters = builder.icmp_unsigned("==", lanes, _splat(builder, builder.trunc(arguments[1], _BYTE)))
        quotes = builder.icmp_unsigned("==", lanes, _splat(builder, _BYTE(34)))
        controls = builder.icmp_unsigned("<", lanes, _splat(builder, _BYTE(32)))
        return builder.bitcast(builder.or_(builder.or_(delimiters, quotes), controls), _WORD)

    return types.uint64(types.int64, types.int64), generate


@intrinsic
def any_wide_at(typing_context, address):  # type: ignore[no-untyped-def]
    """Whether one of the BLOCK bytes at an address is outside ASCII."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        wide = builder.icmp_signed("<", _bytes_at(builder, arguments[0]), _splat(builder, _BYTE(0)))
        return builder.icmp_unsigned("!=", builder.bitcast(wide, _WORD), _WORD(0))

    return types.boolean(types.int64), generate


@intrinsic
def lowest(typing_context, marks):  # type: ignore[no-untyped-def]
    """The index of the lowest bit that is set in `marks` (uint64, not 0)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), generate


@njit(nogil=True, forceinline=True)
def equal_bytes(word, spread_byte):  # type: ignore[no-untyped-def]
    """Marks of the bytes that are the spread one; exact up to the first."""
    other = word ^ spread_byte
    return (other - _ONES) & ~other & _HIGH


@njit(nogil=True, forceinline=True)
def low_bytes(count):  # type: ignore[no-untyped-def]
    """The mask of the first 0 to 7 bytes of a word."""
    return (np.uint64(1) << np.uint64(8 * count)) - np.uint64(1)


@njit(nogil=True, forceinline=True)
def digit_run(word):  # type: ignore[no-untyped-def]
    """How many of a word's bytes, from the first on, are digits."""
    figures = word ^ _FIGURES
    marks = (figures | (figures + _OVER_NINE)) & _HIGH
    return first_mark(marks) if marks != np.uint64(0) else 8


@njit(nogil=True, forceinline=True)
def digits_in(word, count):  # type: ignore[no-untyped-def]
    """The number that the first `count` bytes, 1 to 8 digits, are: eight digits at a time, twos, fours, then all."""
    figures = (word << np.uint64(64 - 8 * count)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    figures = (figures * np.uint64(2561) >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    figures = (figures * np.uint64(6553601) >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64(figures * np.uint64(42949672960001) >> np.uint64(32))


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
        wide = word_at(at) & _HIGH
        if wide == np.uint64(0):
            at += 8
            continue
        at += first_mark(wide)
        if at >= stop:
            break
        byte = byte_at(at)
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
