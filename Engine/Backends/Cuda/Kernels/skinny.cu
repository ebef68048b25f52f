// Matrix products y[T, N] = x[T, K] · W[N, K]^T for one or two rows, at the speed of reading the weights once.
//
// A warp has 16 weight rows and runs ONE chain of m16n8k16 products in ascending k: the result of a row is the same bits for any T, any grid and in a library product
// without split-K. Weights are the M side, tokens the N side. What a chain costs is its latency (20 ns a step on an H200), so the warps that multiply do nothing else: the last one brings the rows
// through a ring in shared memory, by the copy engine, from before the kernel in front has ended. It copies groups of eight rows in panels of 64 k, 128 bytes a row, swizzled: whatever lies otherwise
// than in whole lines of 128 bytes is written at nine tenths of the speed.
//
// Macros: CHAINS = warps that multiply: 2, 3 or 4; STAGE_K = k of a stage of the ring: 128 or 256; FP8 = 1: KV pages of e4m3. sm_90a.
// Needs: K % 64 == 0, every N % 8 == 0, 16-byte aligned pointers. Weights are given as maps of panels: [K / 64][N][64], boxes of STAGE_K / 64 panels of eight rows.
// Where there is a `gain`, x is the residual stream, f32, K at most 4096, and is normalized on the way as rms_norm.cu does it, which saves a launch; else it is bf16 and epsilon is nobody's.
//
// Plain (16 neighbouring rows a warp):
//   skinny_f32 (x, gain, epsilon, w, float* y, rows, n, k)                y[T, N] f32
//   skinny_add (x, w, float* h, rows, n, k)                               h[T, N] += product, f32
//   skinny_bf16(x, gain, epsilon, w0, w1, w2, y0, y1, y2, rows, n0, n1, n2, k)    up to three products of one x; n1, n2 may be 0
//   skinny_relu(x, w, const float* bias, y, rows, n, k)                   y = bf16(max(0, bf16(product) + bias)): SUPRA's feature map
// Paired (8 + 8 rows a warp):
//   skinny_swiglu(x, gain, epsilon, gate, up, y, rows, n, k)              y = bf16(silu(bf16(gate product)) * bf16(up product))
//   skinny_qkv(x, gain, epsilon, wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, rows, heads, kvHeads, dim, k)
//                                                                         q[T, H*D] rotated; rotated k and v go to their pages [pages, G, 64, D]; D % 16 == 0
//
// Launch: block 32 + (with a gain 256, else 32 * CHAINS); the last argument of every entry is the number of the ring's slots, at least two: as many as the block has room for.
//   dynamic shared = 1024 + slots * (CHAINS * STAGE_K * 32 + 16) + rows * (2 * K + 16) + 16.
//   tiles = sum of N / 16, rounded up (swiglu N / 8; qkv (H + 2G) * D / 16); grid = min(SMs, tiles) (any grid is right).
#include "hopper.cuh"
#include "rms.cuh"
#include "skinny.cuh"

#ifndef CHAINS
#define CHAINS 2
#endif
#ifndef STAGE_K
#define STAGE_K 128
#endif
#define PANELS (STAGE_K / 64)
#define PANEL_BYTES 1024
#define GROUP_BYTES (PANELS * PANEL_BYTES)
#define SLOT_BYTES (CHAINS * 2 * GROUP_BYTES)
// Columns of a row that is normalized here.
#define MOST_COLUMNS 4096

// A warp's tile of 16 rows is a pair of the output's (paired rows), or two of its tiles of eight.
template <class OUT>
__device__ __forceinline__ int warp_tiles(const OUT& out) { return OUT::NT == 2 ? out.tiles() : (out.tiles() + 1) / 2; }

// Of up to three matrices.
struct Maps
{
    const TensorMap* of[3];
};

// The threads that are not the copying warp's.
__device__ __forceinline__ void sync_workers() { asm volatile("bar.sync 1, 256;" ::: "memory"); }

__device__ __forceinline__ void store_shared(u32 shared, bf16 value) { asm volatile("st.shared.u16 [%0], %1;" ::"r"(shared), "h"(value) : "memory"); }

struct Ring
{
    u32 base, full, empty;
    int slots, slot, parity;

    __device__ __forceinline__ u32 place() const { return base + slot * SLOT_BYTES; }
    __device__ __forceinline__ void wait_full() const { wait_barrier(full + slot * 8, parity); }
    __device__ __forceinline__ void wait_empty() const { wait_barrier(empty + slot * 8, parity ^ 1); }
    __device__ __forceinline__ void release() const { arrive(empty + slot * 8); }

    __device__ __forceinline__ void advance()
    {
        slot++;
        if (slot == slots)
        {
            slot = 0;
            parity ^= 1;
        }
    }
};

// The tile of a warp in the round that starts at `first`: the last round is spread over all blocks.
__device__ __forceinline__ int tile_of(int first, int warp) { return first + warp * gridDim.x + blockIdx.x; }

// What the last warp does: it brings the rows of the block's tiles, a lane for each group of eight.
template <class OUT>
__device__ __forceinline__ void stream(Ring& ring, const OUT& out, const Maps& maps, int k)
{
    const int lane = threadIdx.x % 32, tiles = warp_tiles(out);
    const u64 policy = once_policy();
    for (int first = 0; first + (int)blockIdx.x < tiles; first += gridDim.x * CHAINS)
    {
        const int tile = tile_of(first, lane / 2), index = OUT::NT == 2 ? tile : tile * 2 + lane % 2;
        const bool there = lane < CHAINS * 2 && index < out.tiles();
        const int2 place = there ? out.place(index, OUT::NT == 2 ? lane % 2 : 0) : make_int2(0, 0);
        const TensorMap* map = place.x == 0 ? maps.of[0] : place.x == 1 ? maps.of[1] : maps.of[2];
        const int bytes = __popc(__ballot_sync(0xffffffffu, there)) * GROUP_BYTES;
        for (int at = 0; at < k; at += STAGE_K)
        {
            ring.wait_empty();
            if (lane == 0)
            {
                expect_bytes(ring.full + ring.slot * 8, bytes);
            }

            __syncwarp();
            if (there)
            {
                copy_panels(ring.place() + lane * GROUP_BYTES, map, place.y, at / 64, ring.full + ring.slot * 8, policy);
            }

            ring.advance();
        }
    }
}

// Operands of two k16 steps: 16 weight rows, eight rows of x.
struct Pair
{
    u32 w[2][4], x[4];

    // weights: the panel of 64 k, where the lane's row begins; pair: of the panel's two.
    __device__ __forceinline__ void fetch(u32 weights, int pair, u32 input)
    {
        load_matrix_x4(x[0], x[1], x[2], x[3], input);
        load_matrix_x4(w[0][0], w[0][1], w[0][2], w[0][3], weights ^ pair * 64);
        load_matrix_x4(w[1][0], w[1][1], w[1][2], w[1][3], weights ^ (pair * 64 + 32));
    }

    __device__ __forceinline__ void multiply(float (&acc)[4], int step) const { multiply_add(acc, w[step], x[step * 2], x[step * 2 + 1]); }
};

// One tile: the chain over K. The operands of the next two steps are fetched while two are multiplied.
__device__ __forceinline__ void chain(float (&acc)[4], Ring& ring, u32 input, u32 offset, int k, int lane)
{
    constexpr int PAIRS = STAGE_K / 32;
    Pair pairs[2];
    ring.wait_full();
    pairs[0].fetch(ring.place() + offset, 0, input);
    int left = k;
    for (; left >= STAGE_K; left -= STAGE_K)
    {
        const u32 weights = ring.place() + offset;
#pragma unroll
        for (int i = 0; i < PAIRS - 1; i++)
        {
            pairs[(i + 1) & 1].fetch(weights + (i + 1) / 2 * PANEL_BYTES, (i + 1) % 2, input + (i + 1) * 64);
            pairs[i & 1].multiply(acc, 0);
            pairs[i & 1].multiply(acc, 1);
        }

        const Ring done = ring;
        ring.advance();
        input += STAGE_K * 2;
        pairs[1].multiply(acc, 0);
        if (left > STAGE_K)
        {
            ring.wait_full();
            pairs[0].fetch(ring.place() + offset, 0, input);
        }

        pairs[1].multiply(acc, 1);
        if (lane == 0)
        {
            done.release();
        }
    }

    if (left > 0)
    {
        const u32 weights = ring.place() + offset;
        for (int at = 0; at < left; at += 32)
        {
            pairs[0].fetch(weights + at / 64 * PANEL_BYTES, at / 32 % 2, input + at * 2);
            pairs[0].multiply(acc, 0);
            pairs[0].multiply(acc, 1);
        }

        __syncwarp();
        if (lane == 0)
        {
            ring.release();
        }

        ring.advance();
    }
}

// What the first warps do.
template <class OUT>
__device__ __forceinline__ void multiply(Ring& ring, const OUT& out, u32 inputs, u32 arrived, int rows, int k)
{
    constexpr int NT = OUT::NT;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    // A lane fetches row lane % 8 of x; for rows that are not there any will do. Of the weights it fetches row lane % 16, k 8 .. 15 of a step in its upper half.
    const u32 input = inputs + (lane % 8 < rows ? lane % 8 : 0) * (2 * k + 16) + lane / 8 * 16;
    const u32 offset = (warp * 2 + lane / 8 % 2) * GROUP_BYTES + lane % 8 * 128 + (lane / 16 ^ lane % 8) * 16;
    // A lane stores one token's results for two neighbouring rows; the even one's neighbour has the next token's.
    const int odd = lane / 4 % 2, token = lane % 4 * 2 + odd, column = lane / 8 * 2;
    const int tiles = warp_tiles(out);
    for (int first = 0; first + (int)blockIdx.x < tiles; first += gridDim.x * CHAINS)
    {
        // A warp without a tile in the last round goes along for nothing.
        const int tile = tile_of(first, warp);
        typename OUT::Before before[3 - NT] = {};
#pragma unroll
        for (int i = 0; i < 3 - NT; i++)
        {
            const int index = NT == 2 ? tile : tile * 2 + i;
            if (index < out.tiles() && token < rows)
            {
                before[i] = out.before(index, token, column);
            }
        }

        wait_barrier(arrived, 0);
        float acc[4] = {};
        chain(acc, ring, input, offset, k, lane);
        float v[4];
#pragma unroll
        for (int side = 0; side < 2; side++)
        {
            const float other = __shfl_xor_sync(0xffffffffu, odd ? acc[side * 2] : acc[side * 2 + 1], 4);
            v[side * 2] = odd ? other : acc[side * 2];
            v[side * 2 + 1] = odd ? acc[side * 2 + 1] : other;
        }

#pragma unroll
        for (int i = 0; i < 3 - NT; i++)
        {
            const int index = NT == 2 ? tile : tile * 2 + i;
            if (index < out.tiles() && token < rows)
            {
                out.store(index, token, column, v + i * 2, before[i]);
            }
        }
    }
}

// Rows of h, normalized as rms_norm.cu does it, by the 256 threads that are not the producer's.
__device__ __forceinline__ void normalize(u32 inputs, const float* h, const float* gain, float epsilon, int rows, int k)
{
    __shared__ float sums[2][RMS_LANES / 32];
    HeldRow<RMS_LANES, MOST_COLUMNS / RMS_LANES> gains, row;
    const int left = k - (int)threadIdx.x;
    gains.load(gain, k);
    wait_for_previous_kernel();
    for (int t = 0; t < rows; t++)
    {
        row.load(h + (long long)t * k, k);
        const float sum = rms_tree(row.lane_sum(0));
        if (threadIdx.x % 32 == 0)
        {
            sums[t % 2][threadIdx.x / 32] = sum;
        }

        sync_workers();
        const float inverse = rms_inverse(sums[t % 2], k, epsilon);
        const u32 to = inputs + t * (2 * k + 16) + threadIdx.x * 2;
#pragma unroll
        for (int j = 0; j < MOST_COLUMNS / RMS_LANES; j++)
        {
            if (j * RMS_LANES < left)
            {
                store_shared(to + j * RMS_LANES * 2, to_bf16(rms_scale(row.value[j], inverse, gains.value[j])));
            }
        }
    }

    sync_workers();
}

// Shared memory: the ring, the rows of x (16 bytes apart from a multiple of 128), the ring's barriers and that of x.
template <class OUT>
__device__ __forceinline__ void product(const OUT& out, const Maps& maps, const void* x, const float* gain, float epsilon, int rows, int k, int slots)
{
    const int pitch = 2 * k + 16;
    const u32 shared = (shared_address(shared_memory) + 1023) & ~1023u, inputs = shared + slots * SLOT_BYTES, barriers = inputs + rows * pitch, arrived = barriers + slots * 16;
    Ring ring{shared, barriers, barriers + slots * 8, slots, 0, 0};
    if (threadIdx.x == 0)
    {
        for (int i = 0; i < slots; i++)
        {
            init_barrier(ring.full + i * 8, 1);
            init_barrier(ring.empty + i * 8, CHAINS);
        }

        init_barrier(arrived, 1);
        publish_barriers();
    }

    __syncthreads();
    if (threadIdx.x >= blockDim.x - 32)
    {
        stream(ring, out, maps, k);
        return;
    }

    let_next_kernel_start();
    if (gain != nullptr)
    {
        normalize(inputs, (const float*)x, gain, epsilon, rows, k);
        if (threadIdx.x == 0)
        {
            arrive(arrived);
        }
    }
    else
    {
        wait_for_previous_kernel();
        if (threadIdx.x == 0)
        {
            publish_global();
            expect_bytes(arrived, rows * k * 2);
            for (int t = 0; t < rows; t++)
            {
                copy_bytes(inputs + t * pitch, (const bf16*)x + (long long)t * k, k * 2, arrived);
            }
        }
    }

    if (threadIdx.x < CHAINS * 32)
    {
        multiply(ring, out, inputs, arrived, rows, k);
    }
}

// Maps say where the weights lie; the pointers of skinny.cuh's modes are wide.cu's.
#define KERNEL extern "C" __global__ void __launch_bounds__(RMS_LANES + 32, 1)
#define MATRIX const __grid_constant__ TensorMap

KERNEL skinny_f32(const void* x, const float* gain, float epsilon, MATRIX w, float* y, int rows, int n, int k, int slots)
{
    product(ToF32{nullptr, y, n}, Maps{{&w, &w, &w}}, x, gain, epsilon, rows, k, slots);
}

KERNEL skinny_add(const bf16* x, MATRIX w, float* h, int rows, int n, int k, int slots)
{
    product(AddF32{nullptr, h, n}, Maps{{&w, &w, &w}}, x, nullptr, 0.0f, rows, k, slots);
}

KERNEL skinny_bf16(const void* x, const float* gain, float epsilon, MATRIX w0, MATRIX w1, MATRIX w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1, int n2, int k, int slots)
{
    product(ToBf16{nullptr, nullptr, nullptr, y0, y1, y2, n0, n1, n2}, Maps{{&w0, &w1, &w2}}, x, gain, epsilon, rows, k, slots);
}

KERNEL skinny_relu(const bf16* x, MATRIX w, const float* bias, bf16* y, int rows, int n, int k, int slots)
{
    product(ToRelu{nullptr, bias, y, n}, Maps{{&w, &w, &w}}, x, nullptr, 0.0f, rows, k, slots);
}

KERNEL skinny_swiglu(const void* x, const float* gain, float epsilon, MATRIX gate, MATRIX up, bf16* y, int rows, int n, int k, int slots)
{
    product(ToSwiglu{nullptr, nullptr, y, n}, Maps{{&gate, &up, &up}}, x, gain, epsilon, rows, k, slots);
}

KERNEL skinny_qkv(const void* x, const float* gain, float epsilon, MATRIX wq, MATRIX wk, MATRIX wv, bf16* q, void* keys, void* values, const float* angles, const int* positions,
                  const int* rowPageTable, const int* pageIds, int rows, int heads, int kvHeads, int dim, int k, int slots)
{
    product(ToPages{nullptr, nullptr, nullptr, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, Maps{{&wq, &wk, &wv}}, x, gain, epsilon, rows, k, slots);
}
