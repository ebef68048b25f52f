// From one layer's attention to the next one's in a single launch, for one to four rows: h += Wo mixed; act = swiglu(norm(h) Wgate, norm(h) Wup); h += Wdown act; then the next layer's
// q, k, v (rotated, k and v to their pages), or the head's logits. Four products with a barrier of the whole grid between them. The warps' rings run on across the barriers: while
// a block waits for the others, the weights of the product after the barrier are on their way, and memory is never idle. Bits: those of skinny.cu.
//
// decode_layer(const bf16* mixed [T, H*D], float* h [T, C], bf16* act [T, F], const bf16* wo [C, H*D], const float* norm1 [C], const bf16* gate, const bf16* up [F, C], const bf16* down [C, F],
//              const float* norm2 [C], const bf16* wq, const bf16* wk, const bf16* wv, bf16* q [T, H*D], void* keys, void* values, const float* angles, const int* positions,
//              const int* rowPageTable, const int* pageIds, const bf16* head [V, C], float* logits [T, V], u64* barrier, int rows, int c, int f, int heads, int kvHeads, int dim,
//              int vocabulary, float epsilon)
//   norm1: in front of the feed-forward. norm2: of the next layer's attention, with its wq, wk, wv and its pages; or the final norm, then vocabulary > 0 and the q/k/v arguments are not used.
//   barrier: one 64-bit counter, zero before its first use ever, for one grid size; launches that share it must be ordered on one stream.
// Macros: STAGES = 24 for one row, 20 for two, 12 for three and four (a warp's ring: 2 KB each); FP8.
// Launch: grid = multiprocessors, block 128, dynamic shared = 8192 * STAGES + rows * (2 * X + 16) + 128 + 32 * rows, X = max(C, F, H*D) rounded up to 256. All blocks must be on the device at
//   once: one a multiprocessor, cooperative launch where other work may hold multiprocessors for ever (kernels that end by themselves are no harm).
#ifndef STAGES
#define STAGES 24
#endif
#include "skinny.cuh"

#define COUNT (RING / 4096)

struct Layer
{
    AddF32 output;
    ToSwiglu feedForward;
    AddF32 down;
    ToPages next;
    ToF32 head;
    int c, f, mixed, vocabulary;

    __device__ __forceinline__ int tiles(int phase) const
    {
        return phase == 0 ? output.tiles() : phase == 1 ? feedForward.tiles() : phase == 2 ? down.tiles() : vocabulary > 0 ? head.tiles() : next.tiles();
    }

    __device__ __forceinline__ int columns(int phase) const { return phase == 0 ? mixed : phase == 2 ? f : c; }
    __device__ __forceinline__ bool paired(int phase) const { return phase == 1 || (phase == 3 && vocabulary == 0); }

    __device__ __forceinline__ const bf16* rows(int phase, int tile, int side, int k) const
    {
        return phase == 0 ? output.rows(tile, side, k) : phase == 1 ? feedForward.rows(tile, side, k) : phase == 2 ? down.rows(tile, side, k)
             : vocabulary > 0 ? head.rows(tile, side, k) : next.rows(tile, side, k);
    }
};

// The ring of a warp over the tiles of all four products. A stage is 4 KB: 8 rows of 256 k, or 8 + 8 rows of 128 k.
struct LayerRing
{
    static constexpr int STAGE_K = 128, COPIES = 8, BYTES = 4096;
    const Layer& layer;
    const bf16* source[COPIES];
    u32 target, offset[COPIES];
    int lane, phase, tile, first, step, k, stageK, column, at, slot;

    __device__ __forceinline__ LayerRing(const Layer& layer, u32 base, int first, int step) : layer(layer), target(base), lane(threadIdx.x % 32), phase(-1), tile(0), first(first), step(step), at(0), slot(0)
    {
        enter();
    }

    // The first tile of the next product in which this warp has one.
    __device__ void enter()
    {
        do
        {
            phase++;
            tile = first;
        }
        while (phase < 4 && tile >= layer.tiles(phase));

        if (phase < 4)
        {
            k = layer.columns(phase);
            const bool paired = layer.paired(phase);
            const int chunks = paired ? 16 : 32;
            stageK = chunks * 8;
            column = lane % chunks * 8;
#pragma unroll
            for (int i = 0; i < COPIES; i++)
            {
                const int row = (i * 32 + lane) / chunks;
                offset[i] = row * (chunks * 16) + ((lane % chunks) ^ (row % 8)) * 16;
            }

            open();
        }
    }

    __device__ void open()
    {
        const bool paired = layer.paired(phase);
        const bf16* low = layer.rows(phase, tile, 0, k) + column;
        const bf16* high = paired ? layer.rows(phase, tile, 1, k) + column : low;
#pragma unroll
        for (int i = 0; i < COPIES; i++)
        {
            const int row = paired ? i * 2 + lane / 16 : i;
            source[i] = (row < 8 ? low : high) + (long long)(row % 8) * k;
        }
    }

    __device__ __forceinline__ void copy(int i)
    {
        if (phase < 4)
        {
            copy_async(target + slot * BYTES + offset[i], source[i], at + column < k ? 16 : 0);
            source[i] += at + stageK < k ? stageK : 0;
        }
    }

    __device__ __forceinline__ void commit()
    {
        if (phase < 4)
        {
            at += stageK;
            if (at >= k)
            {
                at = 0;
                tile += step;
                if (tile < layer.tiles(phase))
                {
                    open();
                }
                else
                {
                    enter();
                }
            }
        }

        commit_copies();
        slot = slot + 1 == COUNT ? 0 : slot + 1;
    }
};

// All blocks have arrived when the counter reaches the next multiple of the grid. What they wrote before is then read past the first-level cache.
__device__ __forceinline__ void grid_barrier(u64* counter)
{
    __syncthreads();
    if (threadIdx.x == 0)
    {
        __threadfence();
        const u64 before = atomicAdd(counter, 1ull);
        const u64 goal = (before / gridDim.x + 1) * gridDim.x;
        u64 now;
        do
        {
            asm volatile("ld.acquire.gpu.global.u64 %0, [%1];" : "=l"(now) : "l"(counter) : "memory");
        }
        while (now < goal);
    }

    __syncthreads();
}

// One product over this warp's tiles, x being whole in shared memory.
template <class OUT>
__device__ __forceinline__ void run_product(const OUT& out, LayerRing& loads, u32 ring, int& slot, u32 xbase, u32 zero, int rows, int k, int pitch)
{
    constexpr int NT = OUT::NT, STAGE_K = 256 / NT, BLOCKS = STAGE_K / 64;
    const int lane = threadIdx.x % 32;
    u32 xstep[MT], xfirst[MT];
    xstep[0] = lane % 16 < rows ? 32 : 0;
    xfirst[0] = lane % 16 < rows ? xbase + lane % 16 * pitch + lane / 16 * 16 : zero + lane % 8 * 16;
    const int stages = (k + STAGE_K - 1) / STAGE_K;
    for (int tile = loads.first; tile < out.tiles(); tile += loads.step)
    {
        float acc[MT][NT][4] = {};
        u32 xrow[MT] = {xfirst[0]};
        wait_copies<COUNT - 2>();
        __syncwarp();
        Block<NT> even, odd;
        u32 weights = ring + slot * LayerRing::BYTES;
#pragma unroll
        for (int step = 0; step < 4; step++)
        {
            fetch<NT>(even, step, weights, 0, xrow, xstep, lane);
        }

        for (int stage = 1; stage <= stages; stage++)
        {
            if (BLOCKS == 4)
            {
                multiply<NT>(acc, even, odd, true, weights, 1, xrow, xstep, lane, loads, 0);
                multiply<NT>(acc, odd, even, true, weights, 2, xrow, xstep, lane, loads, 9);
            }

            // The copies of a stage go out in its first block, or in the one before its last where there are four.
            multiply<NT>(acc, even, odd, true, weights, BLOCKS - 1, xrow, xstep, lane, loads, BLOCKS == 4 ? 9 : 0);
            loads.commit();
            slot = slot + 1 == COUNT ? 0 : slot + 1;
            weights = ring + slot * LayerRing::BYTES;
            xrow[0] += BLOCKS * 4 * xstep[0];
            const bool more = stage < stages;
            if (more)
            {
                wait_copies<COUNT - 2>();
                __syncwarp();
            }

            multiply<NT>(acc, odd, even, more, weights, 0, xrow, xstep, lane, loads, 9);
        }

#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int token = half * 8 + lane / 4;
            if (token < rows)
            {
                float v[2 * NT];
#pragma unroll
                for (int side = 0; side < NT; side++)
                {
                    v[2 * side] = acc[0][side][2 * half];
                    v[2 * side + 1] = acc[0][side][2 * half + 1];
                }

                out.store(tile, token, lane % 4 * 2, v);
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(WARPS * 32, 1)
    decode_layer(const bf16* mixed, float* h, bf16* act, const bf16* wo, const float* norm1, const bf16* gate, const bf16* up, const bf16* down, const float* norm2, const bf16* wq,
                 const bf16* wk, const bf16* wv, bf16* q, void* keys, void* values, const float* angles, const int* positions, const int* rowPageTable, const int* pageIds,
                 const bf16* head, float* logits, u64* barrier, int rows, int c, int f, int heads, int kvHeads, int dim, int vocabulary, float epsilon)
{
    const Layer layer{{wo, h, c}, {gate, up, act, f}, {down, h, c}, {wq, wk, wv, q, keys, values, angles, positions, rowPageTable, pageIds, heads, kvHeads, dim}, {head, logits, vocabulary}, c, f, heads * dim, vocabulary};
    const int warp = threadIdx.x / 32;
    int widest = c > f ? c : f;
    widest = ((widest > layer.mixed ? widest : layer.mixed) + 255) / 256 * 256;
    const int pitch = 2 * widest + 16;
    const u32 shared = shared_address(shared_memory);
    const u32 ring = shared + warp * RING, xbase = shared + WARPS * RING, zero = xbase + rows * pitch;
    unsigned char* x = shared_memory + WARPS * RING;
    float* sums = (float*)(x + rows * pitch + 128);
    LayerRing loads(layer, ring, warp * gridDim.x + blockIdx.x, WARPS * gridDim.x);
#pragma unroll 1
    for (int i = 0; i < COUNT - 1; i++)
    {
#pragma unroll
        for (int n = 0; n < LayerRing::COPIES; n++)
        {
            loads.copy(n);
        }

        loads.commit();
    }

    if (threadIdx.x < 32)
    {
        *(u32*)(x + rows * pitch + threadIdx.x * 4) = 0;
    }

    wait_for_previous_kernel();
    let_next_kernel_start();
    int slot = 0;
    load_x(x, mixed, rows, layer.mixed, widest);
    __syncthreads();
    run_product(layer.output, loads, ring, slot, xbase, zero, rows, layer.mixed, pitch);

    grid_barrier(barrier);
    norm_x(x, h, norm1, epsilon, rows, c, widest, sums);
    __syncthreads();
    run_product(layer.feedForward, loads, ring, slot, xbase, zero, rows, c, pitch);

    grid_barrier(barrier);
    load_x(x, act, rows, f, widest);
    __syncthreads();
    run_product(layer.down, loads, ring, slot, xbase, zero, rows, f, pitch);

    grid_barrier(barrier);
    norm_x(x, h, norm2, epsilon, rows, c, widest, sums);
    __syncthreads();
    if (vocabulary > 0)
    {
        run_product(layer.head, loads, ring, slot, xbase, zero, rows, c, pitch);
    }
    else
    {
        run_product(layer.next, loads, ring, slot, xbase, zero, rows, c, pitch);
    }
}
