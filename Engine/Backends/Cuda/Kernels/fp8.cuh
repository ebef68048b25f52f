// e4m3 (4 exponent bits, bias 7, 3 fraction bits, no infinity) to and from bf16. To bf16 is exact; from bf16 rounds to nearest even and stops at +-448.
#pragma once
#include "common.cuh"

// Two bf16 in, two e4m3 out, in the same order. Needs sm_89.
__device__ __forceinline__ bf16 pack_e4m3(u32 pair)
{
    bf16 bytes;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(bytes) : "f"(high_bf16(pair)), "f"(low_bf16(pair)));
    return bytes;
}

// Bytes 0, 1 of `bytes` to two bf16. The bits are moved into place and the difference of the exponents' biases, 2^120, is multiplied in: exact.
__device__ __forceinline__ u32 widen_e4m3(u32 spread)
{
    const u32 bits = (spread & 0x80008000u) | ((spread & 0x7f007f00u) >> 4);
    u32 pair;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(pair) : "r"(bits), "r"(0x7b807b80u), "r"(0x80008000u));
    return pair;
}

// Four e4m3 to four bf16.
__device__ __forceinline__ uint2 widen_e4m3_x4(u32 bytes)
{
    return make_uint2(widen_e4m3(__byte_perm(bytes, 0, 0x1404)), widen_e4m3(__byte_perm(bytes, 0, 0x3424)));
}
