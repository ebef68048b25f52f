// Group norm of one head by one warp: y = (x - mean) / sqrt(biased variance + epsilon), f32 sums in one order, no weight and no bias.
#pragma once
#include "common.cuh"

__device__ __forceinline__ float warp_sum(float x)
{
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1)
    {
        x = __fadd_rn(x, __shfl_xor_sync(0xffffffffu, x, offset));
    }

    return x;
}

// x: f32 [groups, D], y: bf16 [groups, D].
template <int D>
__device__ __forceinline__ void norm_group(const float* x, bf16* y, int group, float epsilon)
{
    constexpr int PAIRS = D / 64;
    const int lane = threadIdx.x % 32;
    const float2* from = (const float2*)(x + (long long)group * D) + lane;
    float2 value[PAIRS];
    float sum = 0.0f, squares = 0.0f;
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        value[i] = from[i * 32];
        sum = __fadd_rn(sum, __fadd_rn(value[i].x, value[i].y));
    }

    const float mean = __fmul_rn(warp_sum(sum), 1.0f / D);
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        const float a = __fadd_rn(value[i].x, -mean), b = __fadd_rn(value[i].y, -mean);
        squares = __fmaf_rn(b, b, __fmaf_rn(a, a, squares));
    }

    const float inverse = __fdiv_rn(1.0f, __fsqrt_rn(__fadd_rn(__fmul_rn(warp_sum(squares), 1.0f / D), epsilon)));
    u32* to = (u32*)(y + (long long)group * D) + lane;
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        to[i * 32] = pack_bf16(__fmul_rn(__fadd_rn(value[i].x, -mean), inverse), __fmul_rn(__fadd_rn(value[i].y, -mean), inverse));
    }
}
