// Matrix products y[T, N] = x[T, K] · W[N, K]^T for few rows, at memory speed: weights bf16 as stored, T <= 16 * MT.
//
// A warp owns 8 weight rows (16 in the paired modes) for all of K and runs ONE chain of m16n8k16 products in ascending k: the result of a row is the same bits for
// any T, any grid and in a library product without split-K. Tokens are the M side, weights the N side. Each warp streams its rows through a ring of its own in shared
// memory (128 k a stage), and fills it before it waits for the kernel in front, so that weights are in flight while that one ends.
//
// Macros: MT = 1, 2 or 4 (16, 32, 64 rows at most), STAGES (default 6; ring of 2 KB a stage and warp, 4 KB in paired modes; at most 8), FP8 = 1: KV pages of e4m3.
// Needs: K % 16 == 0, every N % 8 == 0 (paired: see below), 16-byte aligned pointers.
//
// Plain (8 rows a warp):
//   skinny_f32 (x, w, float* y, rows, n, k)                               y[T, N] f32
//   skinny_add (x, w, float* h, rows, n, k)                               h[T, N] += product, f32
//   skinny_bf16(x, w0, w1, w2, y0, y1, y2, rows, n0, n1, n2, k)           up to three products of one x; n1, n2 may be 0
//   skinny_relu(x, w, const float* bias, y, rows, n, k)                   y = bf16(max(0, bf16(product) + bias)): SUPRA's feature map
// Paired (8 + 8 rows a warp):
//   skinny_swiglu(x, gate, up, y, rows, n, k)                             y = bf16(silu(bf16(gate product)) * bf16(up product)); N % 8 == 0
//   skinny_qkv(x, wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, rows, heads, kvHeads, dim, k)
//                                                                         q[T, H*D] rotated; rotated k and v go to their pages [pages, G, 64, D]; D % 16 == 0
// Each with a norm in front, x being f32 [T, K]: normed_f32, normed_bf16, normed_swiglu, normed_qkv take (const float* x, const float* norm, float epsilon, rest as above).
//
// Launch: block 128. x chunk: xk = K when rows * (2K + 16) <= 65536, else 1024 (not possible for normed_*: use rms_norm.cu and the plain ones then).
//   dynamic shared = 4 * STAGES * 2048 * (paired ? 2 : 1) + (xk == K ? 1 : 2) * rows * (2 * xk + 16) + 16 + (normed ? 32 * rows : 0); last argument of every entry: int xk.
//   tiles = sum of N / 8 (paired: swiglu N / 8; qkv (H + 2G) * D / 16); grid = min(ceil(tiles / 4), 2 * SMs) (any grid is right).
#include "common.cuh"
#include "fp8.cuh"
#include "rms.cuh"
#include "rope.cuh"
#include "swiglu.cuh"

#ifndef MT
#define MT 1
#endif
#ifndef STAGES
#define STAGES 6
#endif
#ifndef FP8
#define FP8 0
#endif
#define WARPS 4
#define STAGE_K 128
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
        const float2 old = *p;
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

// The warp's ring: stage s holds rows [8 * NT][128 k], 16-byte chunks swizzled by the row so that a matrix load meets no bank twice.
template <class OUT>
struct Ring
{
    static constexpr int BYTES = OUT::NT * 8 * STAGE_K * 2;
    const OUT& out;
    const bf16* row[OUT::NT];
    u32 base;
    int k, lane, tile, step, tiles, at, slot;

    __device__ Ring(const OUT& out, u32 base, int k, int tile, int step) : out(out), base(base), k(k), lane(threadIdx.x % 32), tile(tile), step(step), tiles(out.tiles()), at(0), slot(0) { open(); }

    __device__ void open()
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int side = 0; side < OUT::NT; side++)
            {
                row[side] = out.rows(tile, side, k) + (long long)(lane / 16) * k + lane % 16 * 8;
            }
        }
    }

    // Starts the next stage's copies; one group is committed whether or not there is anything left.
    __device__ void next()
    {
        if (tile < tiles)
        {
            if (at + lane % 16 * 8 < k)
            {
                const u32 stage = base + slot * BYTES;
#pragma unroll
                for (int side = 0; side < OUT::NT; side++)
                {
#pragma unroll
                    for (int i = 0; i < 4; i++)
                    {
                        const int r = 2 * i + lane / 16;
                        copy_async(stage + side * 2048 + r * 256 + ((lane % 16) ^ r) * 16, row[side] + (long long)(2 * i) * k + at);
                    }
                }
            }

            at += STAGE_K;
            if (at >= k)
            {
                at = 0;
                tile += step;
                open();
            }
        }

        commit_copies();
        slot = slot + 1 == STAGES ? 0 : slot + 1;
    }
};

// Loads chunk [from, from + xk) of every row of x into shared memory, by cp.async of the whole block.
__device__ __forceinline__ void copy_x(u32 shared, const bf16* x, int rows, int k, int from, int xk)
{
    const int chunks = (from + xk < k ? xk : k - from) / 8;
    for (int i = threadIdx.x; i < rows * chunks; i += WARPS * 32)
    {
        const int row = i / chunks, c = i % chunks;
        copy_async(shared + row * (2 * xk + 16) + c * 16, x + (long long)row * k + from + c * 8);
    }
}

__device__ __forceinline__ void norm_x(unsigned char* shared, const float* x, const float* __restrict__ norm, float epsilon, int rows, int k, float* sums)
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
        for (int c = threadIdx.x * 2; c < k; c += WARPS * 64)
        {
            const float2 v = *(const float2*)(x + (long long)t * k + c), g = *(const float2*)(norm + c);
            *(u32*)(shared + t * (2 * k + 16) + c * 2) = pack_bf16(rms_scale(v.x, inverse, g.x), rms_scale(v.y, inverse, g.y));
        }
    }
}

// One stage: up to eight k16 steps of the chain.
template <int NT>
__device__ __forceinline__ void multiply_stage(float (&acc)[MT][NT][4], u32 stage, const u32 (&xrow)[MT], const u32 (&xstep)[MT], int steps, int lane)
{
    const u32 wrow = stage + (lane % 8) * 256;
#pragma unroll
    for (int pair = 0; pair < 4; pair++)
    {
        if (2 * pair >= steps)
        {
            break;
        }

        u32 b[NT][4];
#pragma unroll
        for (int side = 0; side < NT; side++)
        {
            load_matrix_x4(b[side][0], b[side][1], b[side][2], b[side][3], wrow + side * 2048 + (((pair * 4 + lane / 8) ^ (lane % 8)) * 16));
        }

#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int step = pair * 2 + half;
            if (step >= steps)
            {
                break;
            }

            u32 a[MT][4];
#pragma unroll
            for (int m = 0; m < MT; m++)
            {
                load_matrix_x4(a[m][0], a[m][1], a[m][2], a[m][3], xrow[m] + step * xstep[m]);
            }

#pragma unroll
            for (int m = 0; m < MT; m++)
            {
#pragma unroll
                for (int side = 0; side < NT; side++)
                {
                    multiply_add(acc[m][side], a[m], b[side][2 * half], b[side][2 * half + 1]);
                }
            }
        }
    }
}

template <class OUT, bool NORM>
__device__ __forceinline__ void product(const OUT& out, const void* x, const float* __restrict__ norm, float epsilon, int rows, int k, int xk)
{
    constexpr int NT = OUT::NT;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const u32 shared = shared_address(shared_memory);
    const u32 xbase = shared + WARPS * STAGES * Ring<OUT>::BYTES;
    const int xbytes = rows * (2 * xk + 16);
    const bool resident = xk >= k;
    const u32 zero = xbase + (resident ? 1 : 2) * xbytes;

    let_next_kernel_start();
    const int tiles = out.tiles(), stride = gridDim.x * WARPS;
    const u32 ring = shared + warp * STAGES * Ring<OUT>::BYTES;
    Ring<OUT> loads(out, ring, k, blockIdx.x * WARPS + warp, stride);
#pragma unroll
    for (int i = 0; i < STAGES - 1; i++)
    {
        loads.next();
    }

    if (threadIdx.x < 4)
    {
        *(u32*)(shared_memory + (zero - shared) + threadIdx.x * 4) = 0;
    }

    wait_for_previous_kernel();
    if (NORM)
    {
        norm_x(shared_memory + (xbase - shared), (const float*)x, norm, epsilon, rows, k, (float*)(shared_memory + (zero - shared) + 16));
        __syncthreads();
    }
    else
    {
        copy_x(xbase, (const bf16*)x, rows, k, 0, xk);
        commit_copies();
        wait_copies<0>();
        __syncthreads();
    }

    // Lane l fetches row l % 16 of the tile, and k 8 .. 15 of a step in its upper half; rows that are not there come from sixteen zero bytes.
    u32 xoff[MT], xstep[MT];
#pragma unroll
    for (int m = 0; m < MT; m++)
    {
        const int token = m * 16 + lane % 16;
        xstep[m] = token < rows ? 32 : 0;
        xoff[m] = token < rows ? token * (2 * xk + 16) + lane / 16 * 16 : 0;
    }

    int slot = 0, buffer = 0, since = 0;
    const int rounds = (tiles + stride - 1) / stride;
    for (int round = 0; round < rounds; round++)
    {
        const int tile = round * stride + blockIdx.x * WARPS + warp;
        float acc[MT][NT][4];
#pragma unroll
        for (int m = 0; m < MT; m++)
        {
#pragma unroll
            for (int i = 0; i < NT * 4; i++)
            {
                acc[m][i / 4][i % 4] = 0.0f;
            }
        }

        for (int from = 0; from < k; from += xk)
        {
            const bool more = from + xk < k || round + 1 < rounds;
            if (!resident && (round > 0 || from > 0))
            {
                // The chunk's copies are as old as `since` stages: a short last chunk of K may have left them behind the ring.
                if (since + 1 < STAGES)
                {
                    wait_copies<0>();
                }
                else
                {
                    wait_copies<STAGES - 2>();
                }

                __syncthreads();
            }

            since = 0;
            if (!resident && more)
            {
                copy_x(xbase + (buffer ^ 1) * xbytes, (const bf16*)x, rows, k, from + xk < k ? from + xk : 0, xk);
            }

            u32 xrow[MT];
#pragma unroll
            for (int m = 0; m < MT; m++)
            {
                xrow[m] = xstep[m] ? xbase + buffer * xbytes + xoff[m] : zero;
            }

            const int end = from + xk < k ? from + xk : k;
            for (int at = from; at < end; at += STAGE_K, since++)
            {
                wait_copies<STAGES - 2>();
                __syncwarp();
                loads.next();
                if (tile < tiles)
                {
                    const u32 stage = ring + slot * Ring<OUT>::BYTES;
                    if (at + STAGE_K <= k)
                    {
                        multiply_stage<NT>(acc, stage, xrow, xstep, 8, lane);
                    }
                    else
                    {
                        multiply_stage<NT>(acc, stage, xrow, xstep, (k - at) / 16, lane);
                    }

#pragma unroll
                    for (int m = 0; m < MT; m++)
                    {
                        xrow[m] += 8 * xstep[m];
                    }
                    slot = slot + 1 == STAGES ? 0 : slot + 1;
                }
            }

            buffer ^= resident ? 0 : 1;
        }

        if (tile < tiles)
        {
#pragma unroll
            for (int m = 0; m < MT; m++)
            {
#pragma unroll
                for (int half = 0; half < 2; half++)
                {
                    const int token = m * 16 + half * 8 + lane / 4;
                    if (token < rows)
                    {
                        float v[2 * NT];
#pragma unroll
                        for (int side = 0; side < NT; side++)
                        {
                            v[2 * side] = acc[m][side][2 * half];
                            v[2 * side + 1] = acc[m][side][2 * half + 1];
                        }

                        out.store(tile, token, lane % 4 * 2, v);
                    }
                }
            }
        }
    }
}

#define KERNEL extern "C" __global__ void __launch_bounds__(WARPS * 32)

KERNEL skinny_f32(const bf16* x, const bf16* w, float* y, int rows, int n, int k, int xk)
{
    product<ToF32, false>(ToF32{w, y, n}, x, nullptr, 0, rows, k, xk);
}

KERNEL skinny_add(const bf16* x, const bf16* w, float* h, int rows, int n, int k, int xk)
{
    product<AddF32, false>(AddF32{w, h, n}, x, nullptr, 0, rows, k, xk);
}

KERNEL skinny_bf16(const bf16* x, const bf16* w0, const bf16* w1, const bf16* w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1, int n2, int k, int xk)
{
    product<ToBf16, false>(ToBf16{w0, w1, w2, y0, y1, y2, n0, n1, n2}, x, nullptr, 0, rows, k, xk);
}

KERNEL skinny_relu(const bf16* x, const bf16* w, const float* bias, bf16* y, int rows, int n, int k, int xk)
{
    product<ToRelu, false>(ToRelu{w, bias, y, n}, x, nullptr, 0, rows, k, xk);
}

KERNEL skinny_swiglu(const bf16* x, const bf16* gate, const bf16* up, bf16* y, int rows, int n, int k, int xk)
{
    product<ToSwiglu, false>(ToSwiglu{gate, up, y, n}, x, nullptr, 0, rows, k, xk);
}

KERNEL skinny_qkv(const bf16* x, const bf16* wq, const bf16* wk, const bf16* wv, bf16* q, void* keys, void* values, const float* angles, const int* positions,
                  const int* rowPageTable, const int* pageIds, int rows, int heads, int kvHeads, int dim, int k, int xk)
{
    product<ToPages, false>(ToPages{wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, x, nullptr, 0, rows, k, xk);
}

KERNEL normed_f32(const float* x, const float* norm, float epsilon, const bf16* w, float* y, int rows, int n, int k, int xk)
{
    product<ToF32, true>(ToF32{w, y, n}, x, norm, epsilon, rows, k, xk);
}

KERNEL normed_bf16(const float* x, const float* norm, float epsilon, const bf16* w0, const bf16* w1, const bf16* w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1,
                   int n2, int k, int xk)
{
    product<ToBf16, true>(ToBf16{w0, w1, w2, y0, y1, y2, n0, n1, n2}, x, norm, epsilon, rows, k, xk);
}

KERNEL normed_swiglu(const float* x, const float* norm, float epsilon, const bf16* gate, const bf16* up, bf16* y, int rows, int n, int k, int xk)
{
    product<ToSwiglu, true>(ToSwiglu{gate, up, y, n}, x, norm, epsilon, rows, k, xk);
}

KERNEL normed_qkv(const float* x, const float* norm, float epsilon, const bf16* wq, const bf16* wk, const bf16* wv, bf16* q, void* keys, void* values, const float* angles,
                  const int* positions, const int* rowPageTable, const int* pageIds, int rows, int heads, int kvHeads, int dim, int k, int xk)
{
    product<ToPages, true>(ToPages{wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, x, norm, epsilon, rows, k, xk);
}
