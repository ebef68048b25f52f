// silu(gate) * up from values that were rounded to bf16, so that a fused epilogue and a kernel of its own give the same bits.
#pragma once
#include "common.cuh"

__device__ __forceinline__ float swiglu_one(float gate, float up)
{
    const float silu = __fdiv_rn(gate, __fadd_rn(1.0f, expf(-gate)));
    return __fmul_rn(silu, up);
}

__device__ __forceinline__ u32 swiglu_pair(u32 gate, u32 up)
{
    return pack_bf16(swiglu_one(low_bf16(gate), low_bf16(up)), swiglu_one(high_bf16(gate), high_bf16(up)));
}
