// Matrix products y[T, N] = x[T, K] · W[N, K]^T for one or two rows (eight at most), at memory speed: weights bf16 as stored.
//
// A warp owns 16 weight rows for all of K and runs ONE chain of m16n8k16 products in ascending k: the result of a row is the same bits for any T, any grid and in a library product
// without split-K. Weights are the M side, tokens the N side. What a chain costs is its latency (20 ns a step on an H200), so the warps that multiply do nothing else: a fifth brings the rows
// through a ring in shared memory (256 k a stage, 128 of paired rows), from before the kernel in front has ended.
//
// Macros: FP8 = 1: KV pages of e4m3. sm_90a.
// Needs: K % 16 == 0, every N % 8 == 0 (paired: see below), 16-byte aligned pointers.
//
// Plain (16 neighbouring rows a warp):
//   skinny_f32 (x, w, float* y, rows, n, k)                               y[T, N] f32
//   skinny_add (x, w, float* h, rows, n, k)                               h[T, N] += product, f32
//   skinny_bf16(x, w0, w1, w2, y0, y1, y2, rows, n0, n1, n2, k)           up to three products of one x; n1, n2 may be 0
//   skinny_relu(x, w, const float* bias, y, rows, n, k)                   y = bf16(max(0, bf16(product) + bias)): SUPRA's feature map
// Paired (8 + 8 rows a warp):
//   skinny_swiglu(x, gate, up, y, rows, n, k)                             y = bf16(silu(bf16(gate product)) * bf16(up product)); N % 8 == 0
//   skinny_qkv(x, wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, rows, heads, kvHeads, dim, k)
//                                                                         q[T, H*D] rotated; rotated k and v go to their pages [pages, G, 64, D]; D % 16 == 0
//
// Launch: block 160; the last argument of every entry is the number of the ring's slots, at least two: 12, or as many as the 227 KB of a block have room for beside the rows.
//   dynamic shared = slots * (17408 + 16) + rows * (2 * K + 16) + 16.
//   tiles = sum of N / 8 (paired: swiglu N / 8; qkv (H + 2G) * D / 16); grid = SMs at most, tiles (plain: half of them, rounded up) if those are fewer (any grid is right).
//   Fast where one round does: tiles <= 4 * SMs. wide.cu reads longer matrices faster.
#include "hopper.cuh"
#include "skinny.cuh"

#define WARPS 4
#define THREADS (WARPS * 32)
#define SLOT_BYTES 17408

// Warps that multiply, 16 weight rows each, and a stage: [warps][16 rows][K of a row], rows 16 bytes apart from a multiple of 128 so that matrix loads of eight rows meet no bank
// twice. Where rows are not paired there are too few tiles for four chains a multiprocessor: two warps take twice the k a stage.
template <int NT>
struct Stage
{
    static constexpr int CHAINS = 2 * NT;
    static constexpr int K = 256 / NT;
    static constexpr int PITCH = 2 * K + 16;
};

// A warp's tile of 16 rows is a pair of the output's (paired rows), or two of its tiles of eight.
template <class OUT>
__device__ __forceinline__ int warp_tiles(const OUT& out) { return OUT::NT == 2 ? out.tiles() : (out.tiles() + 1) / 2; }

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

// What the fifth warp does: it brings the rows of the block's tiles, a lane for 16 bytes of a row.
template <class OUT>
__device__ __forceinline__ void stream(Ring& ring, const OUT& out, int k)
{
    constexpr int CHAINS = Stage<OUT::NT>::CHAINS, LANES = Stage<OUT::NT>::K / 8, AT_ONCE = 32 / LANES, PITCH = Stage<OUT::NT>::PITCH;
    const int lane = threadIdx.x % 32, tiles = warp_tiles(out), column = lane % LANES * 8;
    const u64 policy = once_policy();
    for (int first = 0; first + (int)blockIdx.x < tiles; first += gridDim.x * CHAINS)
    {
        const bf16* rows[CHAINS * 2];
#pragma unroll
        for (int i = 0; i < CHAINS * 2; i++)
        {
            const int tile = tile_of(first, i / 2), index = OUT::NT == 2 ? tile : tile * 2 + i % 2;
            rows[i] = index < out.tiles() ? out.rows(index, OUT::NT == 2 ? i % 2 : 0, k) + (long long)(lane / LANES) * k + column : nullptr;
        }

        for (int at = 0; at < k; at += Stage<OUT::NT>::K)
        {
            ring.wait_empty();
            if (at + column < k)
            {
#pragma unroll
                for (int i = 0; i < CHAINS * 2; i++)
                {
                    if (rows[i] != nullptr)
                    {
                        const u32 place = ring.place() + (i * 8 + lane / LANES) * PITCH + column * 2;
#pragma unroll
                        for (int r = 0; r < 8; r += AT_ONCE)
                        {
                            copy_async(place + r * PITCH, rows[i] + (long long)r * k + at, 16, policy);
                        }
                    }
                }
            }

            arrive_after_copies(ring.full + ring.slot * 8);
            ring.advance();
        }
    }
}

// Operands of two k16 steps: 16 weight rows, eight rows of x.
struct Pair
{
    u32 w[2][4], x[4];

    __device__ __forceinline__ void fetch(u32 weights, u32 input)
    {
        load_matrix_x4(x[0], x[1], x[2], x[3], input);
        load_matrix_x4(w[0][0], w[0][1], w[0][2], w[0][3], weights);
        load_matrix_x4(w[1][0], w[1][1], w[1][2], w[1][3], weights + 32);
    }

    __device__ __forceinline__ void multiply(float (&acc)[4], int step) const { multiply_add(acc, w[step], x[step * 2], x[step * 2 + 1]); }
};

// One tile: the chain over K. The operands of the next two steps are fetched while two are multiplied.
template <int NT>
__device__ __forceinline__ void chain(float (&acc)[4], Ring& ring, u32 input, u32 offset, int k, int lane)
{
    constexpr int STAGE_K = Stage<NT>::K, PAIRS = STAGE_K / 32;
    Pair pairs[2];
    ring.wait_full();
    pairs[0].fetch(ring.place() + offset, input);
    int left = k;
    for (; left >= STAGE_K; left -= STAGE_K)
    {
        const u32 weights = ring.place() + offset;
#pragma unroll
        for (int i = 0; i < PAIRS - 1; i++)
        {
            pairs[(i + 1) & 1].fetch(weights + (i + 1) * 64, input + (i + 1) * 64);
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
            pairs[0].fetch(ring.place() + offset, input);
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
            pairs[0].fetch(weights + at * 2, input + at * 2);
            pairs[0].multiply(acc, 0);
            if (at + 16 < left)
            {
                pairs[0].multiply(acc, 1);
            }
        }

        __syncwarp();
        if (lane == 0)
        {
            ring.release();
        }

        ring.advance();
    }
}

// What the four warps do: two of them multiply where rows are not paired.
template <class OUT>
__device__ __forceinline__ void multiply(Ring& ring, const OUT& out, u32 inputs, u32 arrived, int rows, int k)
{
    constexpr int NT = OUT::NT, CHAINS = Stage<NT>::CHAINS;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    // A lane fetches row lane % 8 of x; for rows that are not there any will do. Of the weights it fetches row lane % 16, k 8 .. 15 of a step in its upper half.
    const u32 input = inputs + (lane % 8 < rows ? lane % 8 : 0) * (2 * k + 16) + lane / 8 * 16;
    const u32 offset = (warp * 16 + lane % 16) * Stage<NT>::PITCH + lane / 16 * 16;
    // A lane stores one token's results for two neighbouring rows; the even one's neighbour has the next token's.
    const int odd = lane / 4 % 2, token = lane % 4 * 2 + odd, column = lane / 8 * 2;
    const int tiles = warp < CHAINS ? warp_tiles(out) : 0;
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
        chain<NT>(acc, ring, input, offset, k, lane);
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

// Shared memory: the ring, the rows of x (16 bytes apart from a multiple of 128), the ring's barriers and that of x.
template <class OUT>
__device__ __forceinline__ void product(const OUT& out, const bf16* x, int rows, int k, int slots)
{
    const int pitch = 2 * k + 16;
    const u32 shared = shared_address(shared_memory), inputs = shared + slots * SLOT_BYTES, barriers = inputs + rows * pitch, arrived = barriers + slots * 16;
    Ring ring{shared, barriers, barriers + slots * 8, slots, 0, 0};
    if (threadIdx.x == 0)
    {
        for (int i = 0; i < slots; i++)
        {
            init_barrier(ring.full + i * 8, 32);
            init_barrier(ring.empty + i * 8, Stage<OUT::NT>::CHAINS);
        }

        init_barrier(arrived, 1);
        publish_barriers();
    }

    __syncthreads();
    if (threadIdx.x >= THREADS)
    {
        stream(ring, out, k);
        return;
    }

    let_next_kernel_start();
    wait_for_previous_kernel();
    if (threadIdx.x == 0)
    {
        publish_global();
        expect_bytes(arrived, rows * k * 2);
        for (int t = 0; t < rows; t++)
        {
            copy_bytes(inputs + t * pitch, x + (long long)t * k, k * 2, arrived);
        }
    }

    multiply(ring, out, inputs, arrived, rows, k);
}

#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS + 32, 1)

KERNEL skinny_f32(const bf16* x, const bf16* w, float* y, int rows, int n, int k, int slots)
{
    product(ToF32{w, y, n}, x, rows, k, slots);
}

KERNEL skinny_add(const bf16* x, const bf16* w, float* h, int rows, int n, int k, int slots)
{
    product(AddF32{w, h, n}, x, rows, k, slots);
}

KERNEL skinny_bf16(const bf16* x, const bf16* w0, const bf16* w1, const bf16* w2, bf16* y0, bf16* y1, bf16* y2, int rows, int n0, int n1, int n2, int k, int slots)
{
    product(ToBf16{w0, w1, w2, y0, y1, y2, n0, n1, n2}, x, rows, k, slots);
}

KERNEL skinny_relu(const bf16* x, const bf16* w, const float* bias, bf16* y, int rows, int n, int k, int slots)
{
    product(ToRelu{w, bias, y, n}, x, rows, k, slots);
}

KERNEL skinny_swiglu(const bf16* x, const bf16* gate, const bf16* up, bf16* y, int rows, int n, int k, int slots)
{
    product(ToSwiglu{gate, up, y, n}, x, rows, k, slots);
}

KERNEL skinny_qkv(const bf16* x, const bf16* wq, const bf16* wk, const bf16* wv, bf16* q, void* keys, void* values, const float* angles, const int* positions,
                  const int* rowPageTable, const int* pageIds, int rows, int heads, int kvHeads, int dim, int k, int slots)
{
    product(ToPages{wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, x, rows, k, slots);
}
