// The one order in which squares of a row are summed: 256 lanes, lane i takes columns i, i + 256, ...; a shuffle tree 16, 8, 4, 2, 1 inside each 32 lanes; the eight
// sums of 32 in ascending order. A block of 128 threads plays two lanes a thread, one of 256 one each, and the bits are the same.
#pragma once
#include "common.cuh"

#define RMS_LANES 256

// Sum over one virtual lane of row[0 .. columns).
__device__ __forceinline__ float rms_lane_sum(const float* row, int columns, int lane)
{
    float sum = 0.0f;
#pragma unroll 16
    for (int c = lane; c < columns; c += RMS_LANES)
    {
        const float value = __ldcg(row + c);
        sum = __fmaf_rn(value, value, sum);
    }

    return sum;
}

__device__ __forceinline__ float rms_tree(float sum)
{
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1)
    {
        sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffffu, sum, offset));
    }

    return sum;
}

// 1 / sqrt(mean + epsilon) from the eight sums of 32 lanes.
__device__ __forceinline__ float rms_inverse(const float* sums, int columns, float epsilon)
{
    float sum = sums[0];
#pragma unroll
    for (int i = 1; i < RMS_LANES / 32; i++)
    {
        sum = __fadd_rn(sum, sums[i]);
    }

    return __fdiv_rn(1.0f, __fsqrt_rn(__fadd_rn(__fdiv_rn(sum, (float)columns), epsilon)));
}

__device__ __forceinline__ float rms_scale(float value, float inverse, float weight) { return __fmul_rn(__fmul_rn(value, inverse), weight); }

// The columns of a row that a thread has, held in registers so that memory is waited for once: thread i of a block of THREADS plays lanes i, i + THREADS, ...; value j belongs to
// column i + j * THREADS. A lane has EACH columns at most.
template <int THREADS, int EACH>
struct HeldRow
{
    static constexpr int COUNT = RMS_LANES / THREADS * EACH;
    static constexpr int LANES = RMS_LANES / THREADS;
    float value[COUNT];

    __device__ __forceinline__ void load(const float* row, int columns)
    {
        const float* from = row + threadIdx.x;
        const int left = columns - (int)threadIdx.x;
#pragma unroll
        for (int j = 0; j < COUNT; j++)
        {
            value[j] = j * THREADS < left ? __ldcg(from + j * THREADS) : 0.0f;
        }
    }

    // rms_lane_sum of lane threadIdx.x + lane * THREADS; a column that is not there adds the square of zero.
    __device__ __forceinline__ float lane_sum(int lane) const
    {
        float sum = 0.0f;
#pragma unroll
        for (int j = 0; j < EACH; j++)
        {
            const float v = value[j * LANES + lane];
            sum = __fmaf_rn(v, v, sum);
        }

        return sum;
    }
};
