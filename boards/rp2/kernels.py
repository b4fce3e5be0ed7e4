"""What every line goes through (kiosk.parts.Kernels) in the chip's own instructions: four to five times as fast as
kiosk.kernels, which viper makes.

In assembler each takes its arguments in one array, as it knows four at most. Thumb-1, so that it suits both chips.
Counts are above zero.
"""
# long-ok: one object (Board.kernels) has all of them, and assembler takes a line an instruction
# ruff: noqa: F821 - the names of the assembler
# mypy: ignore-errors

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointers into a buffer
    ptr8 = bytearray | memoryview
    ptr16 = array[int] | memoryview
    ptr32 = array[int] | memoryview

_ARGUMENTS = array("I", bytes(24))


@micropython.asm_thumb
def _flat8(r0):
    ldr(r4, [r0, 16])
    ldr(r3, [r0, 12])
    ldr(r2, [r0, 8])
    ldr(r1, [r0, 4])
    ldr(r0, [r0, 0])
    mov(r7, 255)
    label(LOOP)
    ldrb(r5, [r0, 0])
    ldrb(r6, [r1, 0])
    sub(r5, r5, r6)
    bcs(LIGHT)
    mov(r5, 0)
    label(LIGHT)
    ldrh(r6, [r2, 0])
    mul(r5, r6)
    lsr(r5, r5, 8)
    cmp(r5, r7)
    bls(HELD)
    mov(r5, r7)
    label(HELD)
    strb(r5, [r3, 0])
    ldrb(r5, [r0, 1])
    ldrb(r6, [r1, 1])
    sub(r5, r5, r6)
    bcs(LIGHT2)
    mov(r5, 0)
    label(LIGHT2)
    ldrh(r6, [r2, 2])
    mul(r5, r6)
    lsr(r5, r5, 8)
    cmp(r5, r7)
    bls(HELD2)
    mov(r5, r7)
    label(HELD2)
    strb(r5, [r3, 1])
    add(r0, 2)
    add(r1, 2)
    add(r2, 4)
    add(r3, 2)
    sub(r4, 2)
    bne(LOOP)


@micropython.asm_thumb
def _flat4(r0):
    ldr(r4, [r0, 16])
    ldr(r3, [r0, 12])
    ldr(r2, [r0, 8])
    ldr(r1, [r0, 4])
    ldr(r0, [r0, 0])
    label(LOOP)
    ldrb(r5, [r0, 0])
    ldrb(r6, [r1, 0])
    sub(r5, r5, r6)
    bcs(LIGHT)
    mov(r5, 0)
    label(LIGHT)
    ldrh(r6, [r2, 0])
    mul(r5, r6)
    lsr(r5, r5, 8)
    add(r5, 8)
    cmp(r5, 255)
    bls(HELD)
    mov(r5, 255)
    label(HELD)
    lsr(r7, r5, 4)
    lsl(r7, r7, 4)
    ldrb(r5, [r0, 1])
    ldrb(r6, [r1, 1])
    sub(r5, r5, r6)
    bcs(LIGHT2)
    mov(r5, 0)
    label(LIGHT2)
    ldrh(r6, [r2, 2])
    mul(r5, r6)
    lsr(r5, r5, 8)
    add(r5, 8)
    cmp(r5, 255)
    bls(HELD2)
    mov(r5, 255)
    label(HELD2)
    lsr(r5, r5, 4)
    orr(r7, r5)
    strb(r7, [r3, 0])
    add(r0, 2)
    add(r1, 2)
    add(r2, 4)
    add(r3, 1)
    sub(r4, 2)
    bne(LOOP)


@micropython.asm_thumb
def _crc32(r0):
    ldr(r4, [r0, 4])
    ldr(r2, [r0, 8])
    ldr(r0, [r0, 0])
    mov(r1, 0)
    mvn(r1, r1)
    lsr(r6, r4, 2)
    cmp(r6, 0)
    beq(TAIL)
    label(WORD)
    ldr(r5, [r0, 0])
    eor(r1, r5)
    lsl(r5, r1, 24)
    lsr(r5, r5, 22)
    add(r5, r5, r2)
    ldr(r5, [r5, 0])
    lsr(r1, r1, 8)
    eor(r1, r5)
    lsl(r5, r1, 24)
    lsr(r5, r5, 22)
    add(r5, r5, r2)
    ldr(r5, [r5, 0])
    lsr(r1, r1, 8)
    eor(r1, r5)
    lsl(r5, r1, 24)
    lsr(r5, r5, 22)
    add(r5, r5, r2)
    ldr(r5, [r5, 0])
    lsr(r1, r1, 8)
    eor(r1, r5)
    lsl(r5, r1, 24)
    lsr(r5, r5, 22)
    add(r5, r5, r2)
    ldr(r5, [r5, 0])
    lsr(r1, r1, 8)
    eor(r1, r5)
    add(r0, 4)
    sub(r6, 1)
    bne(WORD)
    label(TAIL)
    mov(r6, 3)
    and_(r4, r6)
    beq(END)
    label(LOOP)
    ldrb(r5, [r0, 0])
    eor(r1, r5)
    lsl(r5, r1, 24)
    lsr(r5, r5, 22)
    add(r5, r5, r2)
    ldr(r5, [r5, 0])
    lsr(r1, r1, 8)
    eor(r1, r5)
    add(r0, 1)
    sub(r4, 1)
    bne(LOOP)
    label(END)
    mvn(r1, r1)
    strb(r1, [r0, 0])
    lsr(r1, r1, 8)
    strb(r1, [r0, 1])
    lsr(r1, r1, 8)
    strb(r1, [r0, 2])
    lsr(r1, r1, 8)
    strb(r1, [r0, 3])


@micropython.asm_thumb
def _stuff(r0):
    """Four bytes at a time as long as none of them is zero and the block has room; else one by one."""
    ldr(r4, [r0, 4])
    ldr(r1, [r0, 8])
    ldr(r0, [r0, 0])
    push({r1})
    mov(r7, 1)
    lsl(r6, r7, 8)
    orr(r7, r6)
    lsl(r6, r7, 16)
    orr(r7, r6)
    mov(r5, 0)
    strb(r5, [r1, 0])
    add(r2, r1, 1)
    add(r1, 2)
    mov(r3, 1)
    label(NEXT)
    cmp(r4, 4)
    bcc(BYTES)
    ldr(r5, [r0, 0])
    mov(r6, r5)
    sub(r6, r6, r7)
    bic(r6, r5)
    lsr(r6, r6, 7)
    and_(r6, r7)
    bne(BYTES)
    cmp(r3, 251)
    bcs(BYTES)
    strb(r5, [r1, 0])
    lsr(r5, r5, 8)
    strb(r5, [r1, 1])
    lsr(r5, r5, 8)
    strb(r5, [r1, 2])
    lsr(r5, r5, 8)
    strb(r5, [r1, 3])
    add(r0, 4)
    add(r1, 4)
    add(r3, 4)
    sub(r4, 4)
    bne(NEXT)
    b(END)
    label(BYTES)
    mov(r6, 4)
    cmp(r4, 4)
    bcs(FOUR)
    mov(r6, r4)
    label(FOUR)
    sub(r4, r4, r6)
    label(LOOP)
    ldrb(r5, [r0, 0])
    cmp(r5, 0)
    beq(CLOSE)
    strb(r5, [r1, 0])
    add(r1, 1)
    add(r3, 1)
    cmp(r3, 255)
    beq(CLOSE)
    label(WENT)
    add(r0, 1)
    sub(r6, 1)
    bne(LOOP)
    cmp(r4, 0)
    bne(NEXT)
    b(END)
    label(CLOSE)
    strb(r3, [r2, 0])
    mov(r2, r1)
    add(r1, 1)
    mov(r3, 1)
    b(WENT)
    label(END)
    strb(r3, [r2, 0])
    mov(r5, 0)
    strb(r5, [r1, 0])
    add(r1, 1)
    pop({r7})
    sub(r0, r1, r7)


@micropython.asm_thumb
def _absorb(r0):
    """Chaskey-12's permutation over key[17] blocks at key[16] and then the one in key[12:16], of ``r0``, the key: it
    begins as the state, which is in r0-r3 meanwhile, and is left in key[12:16]."""
    mov(r7, r0)
    ldr(r1, [r7, 4])
    ldr(r2, [r7, 8])
    ldr(r3, [r7, 12])
    ldr(r0, [r7, 0])
    label(BLOCK)
    ldr(r4, [r7, 64])
    ldr(r5, [r7, 68])
    cmp(r5, 0)
    bne(WHOLE)
    mov(r4, r7)
    add(r4, 48)
    label(WHOLE)
    ldr(r6, [r4, 0])
    eor(r0, r6)
    ldr(r6, [r4, 4])
    eor(r1, r6)
    ldr(r6, [r4, 8])
    eor(r2, r6)
    ldr(r6, [r4, 12])
    eor(r3, r6)
    add(r4, 16)
    str(r4, [r7, 64])
    push({r7})
    mov(r5, 16)
    mov(r6, 25)
    mov(r7, 12)
    label(ROUND)
    add(r0, r0, r1)
    mov(r4, 27)
    ror(r1, r4)
    eor(r1, r0)
    ror(r0, r5)
    add(r2, r2, r3)
    mov(r4, 24)
    ror(r3, r4)
    eor(r3, r2)
    add(r0, r0, r3)
    mov(r4, 19)
    ror(r3, r4)
    eor(r3, r0)
    add(r2, r2, r1)
    ror(r1, r6)
    eor(r1, r2)
    ror(r2, r5)
    sub(r7, 1)
    bne(ROUND)
    pop({r7})
    ldr(r5, [r7, 68])
    sub(r5, 1)
    str(r5, [r7, 68])
    bpl(BLOCK)
    str(r0, [r7, 48])
    str(r1, [r7, 52])
    str(r2, [r7, 56])
    str(r3, [r7, 60])
    mov(r0, 0)


@micropython.viper
def flat8(raw: ptr8, dark: ptr8, gain: ptr16, out: ptr8, at: int, n: int):
    """See kiosk.parts.Kernels."""
    arguments = ptr32(_ARGUMENTS)
    arguments[0] = int(raw)
    arguments[1] = int(dark)
    arguments[2] = int(gain)
    arguments[3] = int(out) + at
    arguments[4] = n
    _flat8(_ARGUMENTS)


@micropython.viper
def flat4(raw: ptr8, dark: ptr8, gain: ptr16, out: ptr8, at: int, n: int):
    """See kiosk.parts.Kernels."""
    arguments = ptr32(_ARGUMENTS)
    arguments[0] = int(raw)
    arguments[1] = int(dark)
    arguments[2] = int(gain)
    arguments[3] = int(out) + at
    arguments[4] = n
    _flat4(_ARGUMENTS)


@micropython.viper
def crc32_append(data: ptr8, n: int, table: ptr32):
    """See kiosk.parts.Kernels."""
    arguments = ptr32(_ARGUMENTS)
    arguments[0] = int(data)
    arguments[1] = n
    arguments[2] = int(table)
    _crc32(_ARGUMENTS)


@micropython.viper
def stuff(data: ptr8, n: int, out: ptr8) -> int:
    """See kiosk.parts.Kernels."""
    arguments = ptr32(_ARGUMENTS)
    arguments[0] = int(data)
    arguments[1] = n
    arguments[2] = int(out)
    return int(_stuff(_ARGUMENTS))


@micropython.viper
def seal(key, data: ptr8, n: int):
    """See kiosk.parts.Kernels."""
    words = ptr32(key)
    last = ptr8(int(words) + 48)
    blocks = (n - 1) >> 4
    at = blocks << 4
    left = n - at
    behind = ptr32(int(data) + at)
    words[12] = behind[0]
    words[13] = behind[1]
    words[14] = behind[2]
    words[15] = behind[3]
    subkey = 4
    if left < 16:
        subkey = 8
        last[left] = 1
        left += 1
        while left < 16:
            last[left] = 0
            left += 1
    words[12] = words[12] ^ words[subkey]
    words[13] = words[13] ^ words[subkey + 1]
    words[14] = words[14] ^ words[subkey + 2]
    words[15] = words[15] ^ words[subkey + 3]
    words[16] = int(data)
    words[17] = blocks
    _absorb(key)
    first = words[12] ^ words[subkey]
    second = words[13] ^ words[subkey + 1]
    out = ptr8(int(data) + n)
    out[0] = first
    out[1] = first >> 8
    out[2] = first >> 16
    out[3] = first >> 24
    out[4] = second
    out[5] = second >> 8
    out[6] = second >> 16
    out[7] = second >> 24
