// Matrix products y[T, N] = x[T, K] · W[N, K]^T for few rows, at memory speed: weights bf16 as stored, T <= 16 * MT.
//
// A warp owns 8 weight rows (16 in the paired modes) for all of K and runs ONE chain of m16n8k16 products in ascending k: the result of a row is the same bits for
// any T, any grid and in a library product without split-K. Tokens are the M side, weights the N side. Each warp streams its rows through a ring of its own in shared
// memory (128 k a stage), and fills it before it waits for the kernel in front, so that weights are in flight while that one ends.
//
// Macros: MT = 1 or 2 (16, 32 rows at most), STAGES (default 12, even: 2 KB of a warp's ring each, in pairs where rows are paired), FP8 = 1: KV pages of e4m3.
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
// Launch: block 128. x chunk, the last argument of every entry: xk = K rounded up to 128 when rows * (2 * xk + 16) <= 65536, else 1024 (512 for MT = 2); a multiple of 128.
//   normed_* need the whole of K, and pay for one or two rows: beyond, rms_norm.cu and the plain ones are faster (same bits).
//   dynamic shared = 8192 * STAGES + (xk >= K ? 1 : 2) * rows * (2 * xk + 16) + 16 + (normed ? 32 * rows : 0).
//   tiles = sum of N / 8 (paired: swiglu N / 8; qkv (H + 2G) * D / 16); grid = min(ceil(tiles / 4), 2 * SMs) (any grid is right).
#include "skinny.cuh"
#include "rms.cuh"

#ifndef MT
#define MT 1
#endif
#ifndef STAGES
#define STAGES 12
#endif
#define WARPS 4
#define STAGE_K 128

// The warp's ring: stage s holds rows [8 * NT][128 k], 16-byte chunks swizzled by the row so that a matrix load meets no bank twice.
template <class OUT>
struct Ring
{
    static constexpr int BYTES = OUT::NT * 8 * STAGE_K * 2;
    static constexpr int COUNT = STAGES / OUT::NT;
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
            const u32 stage = base + slot * BYTES;
            const int bytes = at + lane % 16 * 8 < k ? 16 : 0;
#pragma unroll
            for (int side = 0; side < OUT::NT; side++)
            {
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    const int r = 2 * i + lane / 16;
                    copy_async(stage + side * 2048 + r * 256 + ((lane % 16) ^ r) * 16, bytes ? row[side] + (long long)(2 * i) * k + at : row[side], bytes);
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
        slot = slot + 1 == COUNT ? 0 : slot + 1;
    }
};

// Loads chunk [from, from + xk) of every row of x into shared memory, by cp.async of the whole block.
__device__ __forceinline__ void copy_x(u32 shared, const bf16* x, int rows, int k, int from, int xk)
{
    const int chunks = xk / 8;
    for (int i = threadIdx.x; i < rows * chunks; i += WARPS * 32)
    {
        const int row = i / chunks, c = i % chunks;
        const bool inside = from + c * 8 < k;
        copy_async(shared + row * (2 * xk + 16) + c * 16, inside ? x + (long long)row * k + from + c * 8 : x, inside ? 16 : 0);
    }
}

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
            const float2 v = *(const float2*)(x + (long long)t * k + c), g = *(const float2*)(norm + c);
            *(u32*)(shared + t * (2 * xk + 16) + c * 2) = pack_bf16(rms_scale(v.x, inverse, g.x), rms_scale(v.y, inverse, g.y));
        }

        for (int c = k + threadIdx.x * 2; c < xk; c += WARPS * 64)
        {
            *(u32*)(shared + t * (2 * xk + 16) + c * 2) = 0;
        }
    }
}

// Operands of half a stage: four k16 steps.
template <int NT>
struct Half
{
    u32 a[4][MT][4], b[NT][2][4];
};

// Fetches the operands of one k16 step of `next`; both steps of a pair get their weights with the first.
template <int NT>
__device__ __forceinline__ void fetch(Half<NT>& next, int step, u32 weights, int half, const u32 (&xrow)[MT], const u32 (&xstep)[MT], int lane)
{
    if (step % 2 == 0)
    {
#pragma unroll
        for (int side = 0; side < NT; side++)
        {
            u32* b = next.b[side][step / 2];
            load_matrix_x4(b[0], b[1], b[2], b[3], weights + lane % 8 * 256 + side * 2048 + (((half * 8 + step * 2 + lane / 8) ^ (lane % 8)) * 16));
        }
    }

#pragma unroll
    for (int m = 0; m < MT; m++)
    {
        load_matrix_x4(next.a[step][m][0], next.a[step][m][1], next.a[step][m][2], next.a[step][m][3], xrow[m] + (half * 4 + step) * xstep[m]);
    }
}

// Four steps of the chain; between them the operands of the half that comes next are fetched, so that a step waits for nothing but the step before it.
template <int NT>
__device__ __forceinline__ void multiply(float (&acc)[MT][NT][4], const Half<NT>& now, Half<NT>& next, bool more, u32 weights, int half, const u32 (&xrow)[MT],
                                         const u32 (&xstep)[MT], int lane)
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
    }
}

template <class OUT, bool NORM>
__device__ __forceinline__ void product(const OUT& out, const void* x, const float* __restrict__ norm, float epsilon, int rows, int k, int xk)
{
    constexpr int NT = OUT::NT;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const u32 shared = shared_address(shared_memory);
    constexpr int COUNT = Ring<OUT>::COUNT;
    const u32 xbase = shared + WARPS * COUNT * Ring<OUT>::BYTES;
    const int xbytes = rows * (2 * xk + 16);
    const bool resident = xk >= k;
    const u32 zero = xbase + (resident ? 1 : 2) * xbytes;

    let_next_kernel_start();
    const int tiles = out.tiles(), stride = gridDim.x * WARPS;
    const u32 ring = shared + warp * COUNT * Ring<OUT>::BYTES;
    Ring<OUT> loads(out, ring, k, blockIdx.x * WARPS + warp, stride);
#pragma unroll
    for (int i = 0; i < COUNT - 1; i++)
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
        norm_x(shared_memory + (xbase - shared), (const float*)x, norm, epsilon, rows, k, xk, (float*)(shared_memory + (zero - shared) + 16));
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
        // A warp without a tile in the last round goes along only where the block loads x together.
        const int tile = round * stride + blockIdx.x * WARPS + warp;
        if (resident && tile >= tiles)
        {
            break;
        }

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
                if (since < COUNT)
                {
                    wait_copies<0>();
                }
                else
                {
                    wait_copies<COUNT - 2>();
                }

                __syncthreads();
            }

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

            const int stages = ((from + xk < k ? xk : k - from) + STAGE_K - 1) / STAGE_K;
            since = stages;
            wait_copies<COUNT - 2>();
            __syncwarp();
            loads.next();
            Half<NT> even, odd;
            u32 weights = ring + slot * Ring<OUT>::BYTES;
#pragma unroll
            for (int step = 0; step < 4; step++)
            {
                fetch<NT>(even, step, weights, 0, xrow, xstep, lane);
            }

            for (int stage = 1; stage <= stages; stage++)
            {
                multiply<NT>(acc, even, odd, true, weights, 1, xrow, xstep, lane);
                slot = slot + 1 == COUNT ? 0 : slot + 1;
                weights = ring + slot * Ring<OUT>::BYTES;
#pragma unroll
                for (int m = 0; m < MT; m++)
                {
                    xrow[m] += 8 * xstep[m];
                }

                const bool more = stage < stages;
                if (more)
                {
                    wait_copies<COUNT - 2>();
                    __syncwarp();
                    loads.next();
                }

                multiply<NT>(acc, odd, even, more, weights, 0, xrow, xstep, lane);
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
