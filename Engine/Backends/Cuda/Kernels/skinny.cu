// Matrix products y[T, N] = x[T, K] · W[N, K]^T for few rows, at memory speed: weights bf16 as stored, T <= 16 * MT.
//
// A warp owns 8 weight rows (16 in the paired modes) for all of K and runs ONE chain of m16n8k16 products in ascending k: the result of a row is the same bits for
// any T, any grid and in a library product without split-K. Tokens are the M side, weights the N side. Each warp streams its rows through a ring of its own in shared
// memory , and fills it before it waits for the kernel in front, so that weights are in flight while that one ends.
//
// Macros: MT = 1 or 2 (16, 32 rows at most), STAGES (default 12, even: a warp's ring has 2 KB * STAGES, half as many 4 KB stages), WIDE (1, 2: stages of 4 or 8 KB), FP8 = 1: KV pages of e4m3.
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
// Launch: block 128. x chunk, the last argument of every entry: xk = K rounded up to 256 when rows * (2 * xk + 16) <= 66048; else 1280 (MT = 1) or 768 (MT = 2, STAGES = 8). A multiple of 256 * WIDE.
//   normed_* need the whole of K, and pay for one or two rows: beyond, rms_norm.cu and the plain ones are faster (same bits).
//   dynamic shared = 8192 * STAGES + (xk >= K ? 1 : 2) * rows * (2 * xk + 16) + 128 + (normed ? 32 * rows : 0).
//   grid = multiprocessors, whatever N is (any grid is right): every block takes its share of rows, and the next kernel's blocks find their places evenly.
#include "skinny.cuh"

// The warp's ring: a stage is 4 KB * WIDE: 8 * NT rows of STAGE_K, 16-byte chunks swizzled by the row so that a matrix load meets no bank twice.
template <class OUT>
struct Ring
{
    static constexpr int STAGE_K = 256 * WIDE / OUT::NT;
    static constexpr int PITCH = STAGE_K * 2;
    static constexpr int BYTES = 4096 * WIDE;
    static constexpr int COUNT = RING / BYTES;
    static constexpr int CHUNKS = STAGE_K / 8;
    static constexpr int COPIES = 8 * WIDE;
    const OUT& out;
    const bf16* source[COPIES];
    u32 target, offset[COPIES];
    int k, lane, tile, step, tiles, at, slot, bytes;

    __device__ __forceinline__ Ring(const OUT& out, u32 base, int k, int tile, int step)
        : out(out), target(base), k(k), lane(threadIdx.x % 32), tile(tile), step(step), tiles(out.tiles()), at(0), slot(0)
    {
#pragma unroll
        for (int i = 0; i < COPIES; i++)
        {
            const int index = i * 32 + lane, r = index / CHUNKS % 8;
            offset[i] = index / CHUNKS * PITCH + (index % CHUNKS ^ r) * 16;
        }

        open();
    }

    __device__ __forceinline__ void open()
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int i = 0; i < COPIES; i++)
            {
                const int index = i * 32 + lane, r = index / CHUNKS;
                source[i] = out.rows(tile, i * 32 / CHUNKS / 8, k) + (long long)(r % 8) * k + index % CHUNKS * 8;
            }
        }
    }

    // One of the copies of the next stage. Between two products of a chain there is time for one.
    __device__ __forceinline__ void copy(int i)
    {
        if (tile < tiles)
        {
            const bool inside = at + (i * 32 + lane) % CHUNKS * 8 < k;
            copy_async(target + slot * BYTES + offset[i], source[i], inside ? 16 : 0);
            source[i] += at + STAGE_K < k ? STAGE_K : 0;
        }
    }

    // Ends a stage: one group is committed whether or not there was anything left.
    __device__ __forceinline__ void commit()
    {
        if (tile < tiles)
        {
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

    __device__ __forceinline__ void fill()
    {
#pragma unroll
        for (int i = 0; i < COPIES; i++)
        {
            copy(i);
        }

        commit();
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

template <class OUT, bool NORM>
__device__ __forceinline__ void product(const OUT& out, const void* x, const float* __restrict__ norm, float epsilon, int rows, int k, int xk)
{
    constexpr int NT = OUT::NT;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const u32 shared = shared_address(shared_memory);
    constexpr int COUNT = Ring<OUT>::COUNT, STAGE_K = Ring<OUT>::STAGE_K, BLOCKS = STAGE_K / 64;
    const u32 xbase = shared + WARPS * COUNT * Ring<OUT>::BYTES;
    const int xbytes = rows * (2 * xk + 16);
    const bool resident = xk >= k;
    const u32 zero = xbase + (resident ? 1 : 2) * xbytes;

    let_next_kernel_start();
    const int tiles = out.tiles(), stride = gridDim.x * WARPS;
    const u32 ring = shared + warp * COUNT * Ring<OUT>::BYTES;
    Ring<OUT> loads(out, ring, k, warp * gridDim.x + blockIdx.x, stride);
#pragma unroll
    for (int i = 0; i < COUNT - 1; i++)
    {
        loads.fill();
    }

    if (threadIdx.x < 32)
    {
        *(u32*)(shared_memory + (zero - shared) + threadIdx.x * 4) = 0;
    }

    wait_for_previous_kernel();
    if (NORM)
    {
        norm_x(shared_memory + (xbase - shared), (const float*)x, norm, epsilon, rows, k, xk, (float*)(shared_memory + (zero - shared) + 128));
        __syncthreads();
    }
    else
    {
        load_x(shared_memory + (xbase - shared), (const bf16*)x, rows, k, xk);
        __syncthreads();
    }

    // Lane l fetches row l % 16 of the tile, and k 8 .. 15 of a step in its upper half; rows that are not there come from zeros, eight rows apart: one
    // address for all of them would be read again and again.
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
        const int tile = round * stride + warp * gridDim.x + blockIdx.x;
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
                if (since + 1 < COUNT)
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
                xrow[m] = xstep[m] ? xbase + buffer * xbytes + xoff[m] : zero + lane % 8 * 16;
            }

            const int stages = ((from + xk < k ? xk : k - from) + STAGE_K - 1) / STAGE_K;
            since = stages;
            wait_copies<COUNT - 2>();
            __syncwarp();
            Block<NT> even, odd;
            u32 weights = ring + slot * Ring<OUT>::BYTES;
#pragma unroll
            for (int step = 0; step < 4; step++)
            {
                fetch<NT>(even, step, weights, 0, xrow, xstep, lane);
            }

            for (int stage = 1; stage <= stages; stage++)
            {
#pragma unroll
                for (int block = 0; block < BLOCKS - 2; block += 2)
                {
                    multiply<NT>(acc, even, odd, true, weights, block + 1, xrow, xstep, lane, loads, block);
                    multiply<NT>(acc, odd, even, true, weights, block + 2, xrow, xstep, lane, loads, block + 1);
                }

                multiply<NT>(acc, even, odd, true, weights, BLOCKS - 1, xrow, xstep, lane, loads, BLOCKS - 2);
                loads.commit();
                slot = slot + 1 == COUNT ? 0 : slot + 1;
                weights = ring + slot * Ring<OUT>::BYTES;
#pragma unroll
                for (int m = 0; m < MT; m++)
                {
                    xrow[m] += BLOCKS * 4 * xstep[m];
                }

                const bool more = stage < stages;
                if (more)
                {
                    wait_copies<COUNT - 2>();
                    __syncwarp();
                }

                multiply<NT>(acc, odd, even, more, weights, 0, xrow, xstep, lane, loads, BLOCKS - 1);
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
