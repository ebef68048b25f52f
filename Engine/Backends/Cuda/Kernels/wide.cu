// Matrix products y[T, N] = x[T, K] · W[N, K]^T for up to 16 rows on Hopper's warpgroup products: the entry points and the bits of skinny.cu, for more rows or
// longer matrices.
//
// Tokens are the M side (64, of which T count), R weight rows the N side, one chain of k16 products over K. Both operands are streamed through one ring in shared memory by
// cp.async and are read from there by the products themselves, so that a block can take as many weight rows as divide N evenly over the multiprocessors, and x is fetched once for them.
//
// Macros: R = weight rows of a block: 16, 32, 48, 64, 96, 128, 176, 192, 224 or 256; XR = 8, 16, 32 or 64: rows of x, rounded up (16 here: broad.cu is faster with more); FP8 = 1: KV pages of e4m3. sm_90a.
// Needs: K % 16 == 0, every N % 8 == 0 (paired: N % 8 == 0 and R counts both sides), 16-byte aligned pointers.
//   wide_f32 (x, w, float* y, rows, n, k)                                 y[T, N] f32
//   wide_add (x, w, float* h, rows, n, k)                                 h[T, N] += product, f32
//   wide_bf16(x, w0, w1, w2, y0, y1, y2, rows, n0, n1, n2, k)             up to three products of one x; n1, n2 may be 0
//   wide_relu(x, w, const float* bias, y, rows, n, k)                     y = bf16(max(0, bf16(product) + bias))
//   wide_swiglu(x, gate, up, y, rows, n, k)                               y = bf16(silu(bf16(gate product)) * bf16(up product))
//   wide_qkv(x, wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, rows, heads, kvHeads, dim, k)    as skinny_qkv
// Launch: block 128. All rows = N, or n0 + n1 + n2, or 2 N (swiglu), or (H + 2G) * D (qkv). Choose R so that ceil(all rows / R) is close under a multiple of the multiprocessors: see
//   ProductBlocks.cs. grid = min(ceil(all rows / R), SMs).
//   stage = (R <= 64 ? 2 : 1) * 128 * (R + XR); dynamic shared = 1024 + (204800 / stage) * stage + 8192.
#define PRODUCT_N R
#include "hopper.cuh"
#include "skinny.cuh"

#ifndef XR
#define XR 16
#endif

#define THREADS 128
#define BLOCKS (R <= 64 ? 2 : 1)
#define STAGE_K (64 * BLOCKS)
#define BLOCK_BYTES (128 * (R + XR))
#define STAGE_BYTES (BLOCKS * BLOCK_BYTES)
#define COUNT (204800 / STAGE_BYTES)
#define PASSES (R / 16)

// The ring: a stage is BLOCKS times [R weight rows][128 bytes] and [XR rows of x][128 bytes], 64 k each, swizzled as the products expect. A thread has one 16-byte column of every
// sixteenth row.
template <class OUT>
struct WideRing
{
    const OUT& out;
    const bf16* x;
    const bf16* source[PASSES];
    u32 base;
    int rows, k, tile, tiles, at, slot, column, row;
    u64 policy;

    __device__ __forceinline__ WideRing(const OUT& out, const bf16* x, u32 base, int rows, int k, int tiles)
        : out(out), x(x), base(base), rows(rows), k(k), tile(blockIdx.x), tiles(tiles), at(0), slot(0), column(threadIdx.x % 8), row(threadIdx.x / 8), policy(once_policy())
    {
        open();
    }

    __device__ __forceinline__ void open()
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int i = 0; i < PASSES; i++)
            {
                // Groups of eight rows; low and high sides alternate where rows are paired.
                const int group = i * 2 + row / 8;
                const int index = OUT::NT == 1 ? tile * (R / 8) + group : tile * (R / 16) + group / 2;
                source[i] = index < out.tiles() ? out.rows(index, OUT::NT == 1 ? 0 : group & 1, k) + (long long)(row % 8) * k + column * 8 : nullptr;
            }
        }
    }

    __device__ __forceinline__ u32 place(int block, int r) const { return base + slot * STAGE_BYTES + block * BLOCK_BYTES + r * 128 + (column ^ (r & 7)) * 16; }

    __device__ __forceinline__ void copy_weights()
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int block = 0; block < BLOCKS; block++)
            {
                const int from = at + block * 64;
#pragma unroll
                for (int i = 0; i < PASSES; i++)
                {
                    const bool inside = source[i] != nullptr && from + column * 8 < k;
                    copy_async(place(block, i * 16 + row), inside ? source[i] + from : x, inside ? 16 : 0, policy);
                }
            }
        }
    }

    __device__ __forceinline__ void copy_x()
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int block = 0; block < BLOCKS; block++)
            {
                const int from = at + block * 64 + column * 8;
#pragma unroll
                for (int i = 0; i < (XR + 15) / 16; i++)
                {
                    const int r = i * 16 + row;
                    if (r < rows)
                    {
                        copy_async(place(block, R + r), from < k ? x + (long long)r * k + from : x, from < k ? 16 : 0);
                    }
                }
            }
        }
    }

    __device__ __forceinline__ void advance()
    {
        at += STAGE_K;
        if (at >= k)
        {
            at = 0;
            tile += gridDim.x;
            open();
        }

        slot = slot + 1 == COUNT ? 0 : slot + 1;
    }
};

template <class OUT>
__device__ __forceinline__ void wide_product(const OUT& out, const bf16* x, int rows, int k)
{
    const u32 base = (shared_address(shared_memory) + 1023) & ~1023u;
    const int perTile = R / (8 * OUT::NT), tiles = (out.tiles() + perTile - 1) / perTile, stages = (k + STAGE_K - 1) / STAGE_K;
    WideRing<OUT> loads(out, x, base, rows, k, tiles);
    WideRing<OUT> inputs(out, x, base, rows, k, tiles);
#pragma unroll 1
    for (int i = 0; i < COUNT - 2; i++)
    {
        loads.copy_weights();
        loads.advance();
    }

    wait_for_previous_kernel();
    let_next_kernel_start();
#pragma unroll 1
    for (int i = 0; i < COUNT - 2; i++)
    {
        inputs.copy_x();
        inputs.advance();
        commit_copies();
    }

    int slot = 0;
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x)
    {
        float acc[R / 2];
#pragma unroll
        for (int i = 0; i < R / 2; i++)
        {
            acc[i] = 0.0f;
        }

        for (int stage = 0; stage < stages; stage++)
        {
            wait_copies<COUNT - 3>();
            publish_shared();
            __syncthreads();
            // The products of the stage before the last are done: its slot is free.
            loads.copy_weights();
            loads.copy_x();
            loads.advance();
            commit_copies();
            begin_products();
            const u32 weights = base + slot * STAGE_BYTES;
#pragma unroll
            for (int i = 0; i < STAGE_K / 16; i++)
            {
                const u32 block = weights + i / 4 * BLOCK_BYTES + i % 4 * 32;
                product_wide(acc, matrix_descriptor(block + R * 128, 16, 1024), matrix_descriptor(block, 16, 1024));
            }

            commit_products();
            wait_products<1>();
            slot = slot + 1 == COUNT ? 0 : slot + 1;
        }

        wait_products<0>();
        const int lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16 + lane / 4;
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int token = first + half * 8;
            if (token < rows)
            {
#pragma unroll
                for (int group = 0; group < R / 8; group += OUT::NT)
                {
                    const int index = tile * perTile + group / OUT::NT;
                    if (index < out.tiles())
                    {
                        float v[4] = {acc[4 * group + 2 * half], acc[4 * group + 2 * half + 1], 0.0f, 0.0f};
                        if (OUT::NT == 2)
                        {
                            v[2] = acc[4 * group + 4 + 2 * half];
                            v[3] = acc[4 * group + 5 + 2 * half];
                        }

                        out.store(index, token, lane % 4 * 2, v);
                    }
                }
            }
        }
    }
}

#define WIDE_KERNEL extern "C" __global__ void __launch_bounds__(THREADS, 1)

WIDE_KERNEL wide_f32(const bf16* x, const bf16* w, float* y, int rows, int n, int k) { wide_product(ToF32{w, y, n}, x, rows, k); }

WIDE_KERNEL wide_add(const bf16* x, const bf16* w, float* h, int rows, int n, int k) { wide_product(AddF32{w, h, n}, x, rows, k); }

WIDE_KERNEL wide_bf16(const bf16* x, const bf16* w0, const bf16* w1, const bf16* w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1, int n2, int k)
{
    wide_product(ToBf16{w0, w1, w2, y0, y1, y2, n0, n1, n2}, x, rows, k);
}

WIDE_KERNEL wide_relu(const bf16* x, const bf16* w, const float* bias, bf16* y, int rows, int n, int k) { wide_product(ToRelu{w, bias, y, n}, x, rows, k); }

WIDE_KERNEL wide_swiglu(const bf16* x, const bf16* gate, const bf16* up, bf16* y, int rows, int n, int k) { wide_product(ToSwiglu{gate, up, y, n}, x, rows, k); }

WIDE_KERNEL wide_qkv(const bf16* x, const bf16* wq, const bf16* wk, const bf16* wv, bf16* q, void* keys, void* values, const float* angles, const int* positions,
                     const int* rowPageTable, const int* pageIds, int rows, int heads, int kvHeads, int dim, int k)
{
    wide_product(ToPages{wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, x, rows, k);
}
