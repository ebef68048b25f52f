// Parts of the products for few rows that skinny.cu and decode_layer.cu share: what becomes of results, operands, the chain itself.
#pragma once
#include "common.cuh"
#include "fp8.cuh"
#include "rms.cuh"
#include "rope.cuh"
#include "swiglu.cuh"

#ifndef MT
#define MT 1
#endif
#ifndef STAGES
#define STAGES 12
#endif
#define RING (2048 * STAGES)
#ifndef WIDE
#define WIDE 1
#endif
#ifndef FP8
#define FP8 0
#endif
#define WARPS 4
#define PAGE 64

extern __shared__ __align__(128) unsigned char shared_memory[];

// Two neighbouring results of one token: columns n, n + 1. Each mode says where tile `i` has its weight rows and what becomes of its results.
struct ToF32
{
    static constexpr int NT = 1;
    const bf16* w; float* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        *(float2*)(y + (long long)token * n + tile * 8 + column) = make_float2(v[0], v[1]);
    }
};

struct AddF32
{
    static constexpr int NT = 1;
    const bf16* w; float* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        float2* p = (float2*)(y + (long long)token * n + tile * 8 + column);
        const float2 old = __ldcg(p);
        *p = make_float2(__fadd_rn(old.x, v[0]), __fadd_rn(old.y, v[1]));
    }
};

struct ToBf16
{
    static constexpr int NT = 1;
    const bf16 *w0, *w1, *w2; bf16 *y0, *y1, *y2; int n0, n1, n2;
    __device__ int tiles() const { return (n0 + n1 + n2) / 8; }
    __device__ const bf16* rows(int tile, int, int k) const
    {
        const int t1 = tile - n0 / 8, t2 = t1 - n1 / 8;
        return t1 < 0 ? w0 + (long long)tile * 8 * k : t2 < 0 ? w1 + (long long)t1 * 8 * k : w2 + (long long)t2 * 8 * k;
    }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        const int t1 = tile - n0 / 8, t2 = t1 - n1 / 8;
        bf16* p = t1 < 0 ? y0 + (long long)token * n0 + tile * 8 : t2 < 0 ? y1 + (long long)token * n1 + t1 * 8 : y2 + (long long)token * n2 + t2 * 8;
        *(u32*)(p + column) = pack_bf16(v[0], v[1]);
    }
};

struct ToRelu
{
    static constexpr int NT = 1;
    const bf16* w; const float* bias; bf16* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        const float2 b = *(const float2*)(bias + tile * 8 + column);
        const float a0 = fmaxf(0.0f, __fadd_rn(round_bf16(v[0]), b.x)), a1 = fmaxf(0.0f, __fadd_rn(round_bf16(v[1]), b.y));
        *(u32*)(y + (long long)token * n + tile * 8 + column) = pack_bf16(a0, a1);
    }
};

struct ToSwiglu
{
    static constexpr int NT = 2;
    const bf16 *gate, *up; bf16* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ const bf16* rows(int tile, int side, int k) const { return (side ? up : gate) + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        *(u32*)(y + (long long)token * n + tile * 8 + column) = swiglu_pair(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]));
    }
};

struct ToPages
{
    static constexpr int NT = 2;
    const bf16 *wq, *wk, *wv; bf16* q; void *keys, *values; const float* angles; const int *positions, *rowPageTable, *pageIds; int heads, kvHeads, dim;

    __device__ int tiles() const { return (heads + 2 * kvHeads) * dim / 16; }

    // A tile is rows j .. j + 7 of a head and the rows D/2 further on.
    __device__ const bf16* rows(int tile, int side, int k) const
    {
        const int perHead = dim / 16, head = tile / perHead, row = tile % perHead * 8 + side * (dim / 2);
        return head < heads ? wq + ((long long)head * dim + row) * k
             : head < heads + kvHeads ? wk + ((long long)(head - heads) * dim + row) * k
             : wv + ((long long)(head - heads - kvHeads) * dim + row) * k;
    }

    __device__ void store(int tile, int token, int column, const float* v) const
    {
        const int perHead = dim / 16, head = tile / perHead, j = tile % perHead * 8 + column;
        float a0 = round_bf16(v[0]), a1 = round_bf16(v[1]), b0 = round_bf16(v[2]), b1 = round_bf16(v[3]);
        if (head < heads + kvHeads)
        {
            const float4 angle = *(const float4*)(angles + ((long long)token * (dim / 2) + j) * 2);
            rotate(a0, b0, angle.x, angle.y);
            rotate(a1, b1, angle.z, angle.w);
        }

        const u32 low = pack_bf16(a0, a1), high = pack_bf16(b0, b1);
        if (head < heads)
        {
            u32* p = (u32*)(q + ((long long)token * heads + head) * dim + j);
            p[0] = low;
            p[dim / 4] = high;
            return;
        }

        const bool isKey = head < heads + kvHeads;
        const int shared = isKey ? head - heads : head - heads - kvHeads;
        const int position = positions[token];
        if (position < 0)
        {
            return;
        }

        const long long page = pageIds[rowPageTable[token] + position / PAGE];
        const long long element = ((page * kvHeads + shared) * PAGE + position % PAGE) * dim + j;
#if FP8
        unsigned char* p = (unsigned char*)(isKey ? keys : values) + element;
        *(bf16*)p = pack_e4m3(low);
        *(bf16*)(p + dim / 2) = pack_e4m3(high);
#else
        u32* p = (u32*)((bf16*)(isKey ? keys : values) + element);
        p[0] = low;
        p[dim / 4] = high;
#endif
    }
};

__device__ __forceinline__ void norm_x(unsigned char* shared, const float* x, const float* __restrict__ norm, float epsilon, int rows, int k, int xk, float* sums)
{
    const int warp = threadIdx.x / 32;
    for (int t = 0; t < rows; t++)
    {
        const float a = rms_tree(rms_lane_sum(x + (long long)t * k, k, threadIdx.x));
        const float b = rms_tree(rms_lane_sum(x + (long long)t * k, k, threadIdx.x + 128));
        if (threadIdx.x % 32 == 0)
        {
            sums[t * 8 + warp] = a;
            sums[t * 8 + warp + 4] = b;
        }
    }

    __syncthreads();
    for (int t = 0; t < rows; t++)
    {
        const float inverse = rms_inverse(sums + t * 8, k, epsilon);
#pragma unroll 8
        for (int c = threadIdx.x * 2; c < k; c += WARPS * 64)
        {
            const float2 v = __ldcg((const float2*)(x + (long long)t * k + c)), g = *(const float2*)(norm + c);
            *(u32*)(shared + t * (2 * xk + 16) + c * 2) = pack_bf16(rms_scale(v.x, inverse, g.x), rms_scale(v.y, inverse, g.y));
        }

        for (int c = k + threadIdx.x * 2; c < xk; c += WARPS * 64)
        {
            *(u32*)(shared + t * (2 * xk + 16) + c * 2) = 0;
        }
    }
}

// The first chunk of x by ordinary loads: the ring's copies are on their way and need not be waited for.
__device__ __forceinline__ void load_x(unsigned char* shared, const bf16* x, int rows, int k, int xk)
{
    const int chunks = xk / 8;
#pragma unroll 8
    for (int i = threadIdx.x; i < rows * chunks; i += WARPS * 32)
    {
        const int row = i / chunks, c = i % chunks;
        *(uint4*)(shared + row * (2 * xk + 16) + c * 16) = c * 8 < k ? __ldcg((const uint4*)(x + (long long)row * k + c * 8)) : make_uint4(0, 0, 0, 0);
    }
}

// Operands of a block of 64 k: four k16 steps.
template <int NT>
struct Block
{
    u32 a[4][MT][4], b[NT][2][4];
};

// Fetches the operands of one k16 step of `next`, block `half` (64 k) of a stage; both steps of a pair get their weights with the first.
template <int NT>
__device__ __forceinline__ void fetch(Block<NT>& next, int step, u32 weights, int half, const u32 (&xrow)[MT], const u32 (&xstep)[MT], int lane)
{
    if (step % 2 == 0)
    {
#pragma unroll
        for (int side = 0; side < NT; side++)
        {
            u32* b = next.b[side][step / 2];
            load_matrix_x4(b[0], b[1], b[2], b[3], weights + (side * 8 + lane % 8) * (512 * WIDE / NT) + (((half * 8 + step * 2 + lane / 8) ^ (lane % 8)) * 16));
        }
    }

#pragma unroll
    for (int m = 0; m < MT; m++)
    {
        load_matrix_x4(next.a[step][m][0], next.a[step][m][1], next.a[step][m][2], next.a[step][m][3], xrow[m] + (half * 4 + step) * xstep[m]);
    }
}

// Four steps of the chain, block `now_at` of a stage. Between them the operands of the block that comes next are fetched and the stage's share of copies is started, so that a
// step waits for nothing but the step before it.
template <int NT, class LOADS>
__device__ __forceinline__ void multiply(float (&acc)[MT][NT][4], const Block<NT>& now, Block<NT>& next, bool more, u32 weights, int half, const u32 (&xrow)[MT],
                                         const u32 (&xstep)[MT], int lane, LOADS& loads, int nowAt)
{
#pragma unroll
    for (int step = 0; step < 4; step++)
    {
        if (more)
        {
            fetch<NT>(next, step, weights, half, xrow, xstep, lane);
        }

#pragma unroll
        for (int m = 0; m < MT; m++)
        {
#pragma unroll
            for (int side = 0; side < NT; side++)
            {
                const u32* b = now.b[side][step / 2] + step % 2 * 2;
                multiply_add(acc[m][side], now.a[step][m], b[0], b[1]);
            }
        }

        // All copies of a stage go out before its last block, which waits for the stage after it.
        constexpr int STEPS = LOADS::STAGE_K / 16 - 4;
#pragma unroll
        for (int i = 0; i < LOADS::COPIES; i++)
        {
            if (i * STEPS / LOADS::COPIES == nowAt * 4 + step)
            {
                loads.copy(i);
            }
        }
    }
}
