// The arithmetic of softmax attention, the same in decode and prefill so that a row's result is the same bits from either.
//
// Positions are cut at fixed places. A step is 128 positions (two pages): its scores are products over D in k16 steps, its weights exp2((s - m) c) with the running
// maximum m, its sum per lane the eight groups of 16 positions as a tree of pairs, each group ascending; what was there is first scaled by exp2((m_old - m) c).
// A split is a run of steps that starts from nothing; splits grow with the position, so that a short context has enough of them to share out and a long one
// few to merge. Splits are merged in ascending order. A step or split that a row does not see changes no bit of it.
#pragma once
#include "common.cuh"

#define PAGE 64
#define STEP 128

// First position of split i: 8 of 128, 4 of 256, 4 of 512, 12 of 1024, then 2048 each.
__device__ __forceinline__ int split_start(int i)
{
    return i < 8 ? i * 128 : i < 12 ? 1024 + (i - 8) * 256 : i < 16 ? 2048 + (i - 12) * 512 : i < 28 ? 4096 + (i - 16) * 1024 : 16384 + (i - 28) * 2048;
}

__device__ __forceinline__ int split_of(int position)
{
    return position < 1024 ? position / 128 : position < 2048 ? 8 + (position - 1024) / 256 : position < 4096 ? 12 + (position - 2048) / 512
         : position < 16384 ? 16 + (position - 4096) / 1024 : 28 + (position - 16384) / 2048;
}

__device__ __forceinline__ float exp2_fast(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// A row that sees nothing yet has maximum -inf; it is scaled as if it were 0, so that no infinity meets another.
__device__ __forceinline__ float finite_maximum(float m) { return m == NEG_INF ? 0.0f : m; }

__device__ __forceinline__ float softmax_weight(float score, float c, float scaledMaximum) { return exp2_fast(__fmaf_rn(score, c, -scaledMaximum)); }

__device__ __forceinline__ float softmax_rescale(float oldMaximum, float finiteMaximum, float c) { return exp2_fast(__fmul_rn(__fadd_rn(oldMaximum, -finiteMaximum), c)); }

// The sums of a step's eight groups of 16 positions, `stride` apart.
__device__ __forceinline__ float sum_groups(const float* sums, int stride)
{
    const float a = __fadd_rn(__fadd_rn(sums[0], sums[stride]), __fadd_rn(sums[2 * stride], sums[3 * stride]));
    const float b = __fadd_rn(__fadd_rn(sums[4 * stride], sums[5 * stride]), __fadd_rn(sums[6 * stride], sums[7 * stride]));
    return __fadd_rn(a, b);
}

// A lane's part of one group: its pairs in two tiles of eight positions.
__device__ __forceinline__ float group_sum(float a, float b, float c, float d) { return __fadd_rn(__fadd_rn(__fadd_rn(a, b), c), d); }

// Sum over the four lanes that share a row.
__device__ __forceinline__ float quad_sum(float x)
{
    x = __fadd_rn(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return __fadd_rn(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

__device__ __forceinline__ float quad_maximum(float x)
{
    x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

// Factors that take a total with maximum `total` and a split with maximum `part` to their common maximum, which becomes the total's.
__device__ __forceinline__ void merge_factors(float& total, float part, float c, float& ofTotal, float& ofPart)
{
    const float m = fmaxf(total, part);
    const float finite = finite_maximum(m);
    ofTotal = softmax_rescale(total, finite, c);
    ofPart = softmax_rescale(part, finite, c);
    total = m;
}

__device__ __forceinline__ float merge(float total, float ofTotal, float part, float ofPart) { return __fmaf_rn(part, ofPart, __fmul_rn(total, ofTotal)); }
